import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { messagesOf, SemiEvolError } from '../../core/errors.ts';
import type { TokenCounter } from '../../core/forecast/tokens.ts';
import { hubFolder, snapshotsOf } from '../../core/huggingFaceCache.ts';
import type { ChatMessage } from '../../core/types.ts';

/** A tokenizer cannot be read; the message names file and remedy. */
export class TokenizerError extends SemiEvolError {
  override readonly name = 'TokenizerError';
  override readonly isOfInput = true;
}

const named = z.union([z.string(), z.looseObject({ content: z.string() })]);
const settings = z.looseObject({
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .optional(),
  bos_token: named.nullish(),
  eos_token: named.nullish(),
});

/** Tokens that mark a turn, where no template says how. */
const MARKS = 4;

/**
 * Counts by the tokenizer that lies in a model's folder, and by its chat template.
 * @throws TokenizerError
 */
export async function fromFolder(folder: string): Promise<TokenCounter> {
  const file = join(folder, 'tokenizer.json');
  try {
    const [json, about] = await Promise.all([
      readFile(file, 'utf8').then(JSON.parse),
      settingsIn(folder),
    ]);
    const tokenizer = new Tokenizer(json, about);
    const count = (text: string) =>
      tokenizer.encode(text, { add_special_tokens: false }).ids.length;
    const render = await rendererOf(folder, about);
    const chat = (messages: readonly ChatMessage[], isAsked: boolean) =>
      render
        ? count(render(messages, isAsked))
        : messages.reduce((sum, { content }) => sum + count(content) + MARKS, 0);
    return {
      by: `the model's tokenizer in ${folder}${render ? '' : ', without a chat template'}`,
      error: render ? { low: 1, high: 1 } : { low: 0.95, high: 1.1 },
      text: (text) => tokenizer.encode(text).ids.length,
      prompt: (messages) => chat(messages, true),
      row: (messages) => chat(messages, false),
    };
  } catch (error) {
    throw new TokenizerError(
      `${file} cannot be read: ${messagesOf(error)[0]}. Name the folder of a Hugging Face model that has one, or leave the tokenizer out`,
      { cause: error },
    );
  }
}

async function settingsIn(folder: string): Promise<z.output<typeof settings>> {
  const text = await readIfThere(join(folder, 'tokenizer_config.json'));
  return settings.parse(text === undefined ? {} : JSON.parse(text));
}

/** Renders messages as the model reads them; undefined where the folder has no template. */
async function rendererOf(folder: string, { chat_template, bos_token, eos_token }: Settings) {
  const listed =
    typeof chat_template === 'string'
      ? chat_template
      : (chat_template?.find(({ name }) => name === 'default') ?? chat_template?.[0])?.template;
  const source = listed ?? (await readIfThere(join(folder, 'chat_template.jinja')));
  if (source === undefined) return undefined;
  const template = new Template(source);
  const textOf = (token: z.output<typeof named> | null | undefined) =>
    typeof token === 'string' ? token : (token?.content ?? '');
  const context = { bos_token: textOf(bos_token), eos_token: textOf(eos_token) };
  return (messages: readonly ChatMessage[], add_generation_prompt: boolean): string => {
    const render = (said: readonly ChatMessage[]) =>
      template.render({ ...context, messages: [...said], add_generation_prompt });
    try {
      return render(messages);
    } catch {
      // It knows no system: such models are told the instruction at the head of the question.
      return render(withoutSystem(messages));
    }
  };
}

type Settings = z.output<typeof settings>;

function withoutSystem(messages: readonly ChatMessage[]): ChatMessage[] {
  const [system, first, ...rest] = messages;
  if (system?.role !== 'system' || !first) return [...messages];
  return [{ ...first, content: `${system.content}\n\n${first.content}` }, ...rest];
}

/** Undefined where there is no such file. */
function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** The folder of a model in the local cache of Hugging Face, if it has a tokenizer there. */
export function cachedFolder(model: string): string | undefined {
  if (!/^[\w.-]+\/[\w.-]+$/.test(model)) return undefined;
  const hub = hubFolder(process.env, homedir());
  const [found] = globSync(`${snapshotsOf(model)}/tokenizer.json`, { cwd: hub });
  return found && join(hub, dirname(found));
}
