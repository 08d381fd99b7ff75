import type { TokenCounter } from '../../core/forecast/tokens.ts';
import type { ChatMessage } from '../../core/types.ts';

/** OpenAI's ways to part texts into tokens that models of today have. */
export type Encoding = 'o200k_base' | 'cl100k_base';

/** Of names that models of OpenAI have; a tuned one has that of its base in its own. */
const OPENAI = /^(?:ft:)?(?:gpt-|chatgpt-|o\d|text-embedding-)/;
const OLDER = /^(?:ft:)?(?:gpt-4(?![.o\d])|gpt-3\.5|text-embedding-)/;

/** The encoding of a model by its name; undefined where it is none of OpenAI's. */
export function openaiEncoding(model: string): Encoding | undefined {
  if (!OPENAI.test(model)) return undefined;
  return OLDER.test(model) ? 'cl100k_base' : 'o200k_base';
}

/** Tokens that mark a turn, and those that begin an answer, as OpenAI counts them. */
const TURN = 4;
const ANSWER = 3;

/** How many tokens a text has, by the encoding of OpenAI's newer models or of its older ones. */
export async function tokensBy(encoding: Encoding): Promise<(text: string) => number> {
  const { countTokens } =
    encoding === 'o200k_base'
      ? await import('gpt-tokenizer/encoding/o200k_base')
      : await import('gpt-tokenizer/encoding/cl100k_base');
  // What looks like a mark is a text like any other.
  const options = { disallowedSpecial: new Set<string>() };
  return (text) => countTokens(text, options);
}

export async function fromEncoding(encoding: Encoding): Promise<TokenCounter> {
  const count = await tokensBy(encoding);
  const turns = (messages: readonly ChatMessage[]) =>
    messages.reduce((sum, { content }) => sum + count(content) + TURN, 0);
  return {
    by: `OpenAI's ${encoding}`,
    // Of marks and of names that are new less is known than of texts.
    error: { low: 0.97, high: 1.05 },
    text: count,
    prompt: (messages) => turns(messages) + ANSWER,
    row: turns,
  };
}
