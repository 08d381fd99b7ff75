import type { OpenAI } from 'openai';
import type { EndpointOptions } from './endpoint.ts';

const DIMENSION = 384;
/** How many degrees of sureness an answer can have. */
const LEVELS = 16;

type ChatParams = OpenAI.ChatCompletionCreateParamsNonStreaming;

export interface Reply {
  body: string;
  promptTokens: number;
  completionTokens: number;
}

/** Answers to chat requests, put together from JSON that is made once for each answer and level. */
export function chatReplies({ dissent = 0.1 }: EndpointOptions) {
  const labelsOf = remembered((system: string) => /^Labels: (.+)$/m.exec(system)?.[1]?.split(', '));
  const choiceOf = remembered((key: string) => choice(...(JSON.parse(key) as ChoiceKey)));

  return ({ model, messages, n = 1, temperature, seed, logprobs }: ChatParams): Reply => {
    const [asked, proposed] = textOf(messages.at(-1)).split('\nCandidate answers:\n');
    const open =
      (proposed && candidates(proposed)) ?? labelsOf(textOf(messages[0])) ?? letters(asked!);
    const usual = hash(asked!) % open.length;
    let prompt = hash(temperature ? String(seed) : '');
    let promptTokens = 0;
    for (const message of messages) {
      prompt = hash(textOf(message), prompt);
      promptTokens += tokensOf(textOf(message)) + 4;
    }
    const choices = Array.from({ length: n ?? 1 }, (_, index) => {
      const luck = mixed(temperature ? prompt + index : prompt);
      const differs = luck < dissent * 2 ** 32;
      const answer = open[(usual + (differs ? 1 : 0)) % open.length]!;
      const text = proposed ? `It fits the question best.\nAnswer: ${answer}` : answer;
      const key: ChoiceKey = [text, luck % LEVELS, logprobs ?? false];
      return { index, ...choiceOf(JSON.stringify(key)) };
    });
    const completionTokens = choices.reduce((sum, one) => sum + one.tokens, 0);
    const listed = choices.map(({ index, json }) => `{"index":${index},${json}`).join(',');
    const body = `{"id":"chatcmpl-${prompt}","object":"chat.completion","created":0,"model":${JSON.stringify(model)},"choices":[${listed}],"usage":{"prompt_tokens":${promptTokens},"completion_tokens":${completionTokens},"total_tokens":${promptTokens + completionTokens}}}`;
    return { body, promptTokens, completionTokens };
  };
}

/** Text, level of sureness (0 is the surest), and whether log-probabilities are wanted. */
type ChoiceKey = [text: string, level: number, logprobs: boolean];

/** JSON of a choice, after its index. */
function choice(text: string, level: number, logprobs: boolean) {
  const tokens = text.match(/\s*\S+/g) ?? [];
  const content = tokens.map((token) => ({
    token,
    logprob: -(level + 1) / LEVELS,
    bytes: [...Buffer.from(token)],
    top_logprobs: [],
  }));
  const json = JSON.stringify({
    message: { role: 'assistant', content: text, refusal: null },
    logprobs: logprobs ? { content, refusal: null } : null,
    finish_reason: 'stop',
  }).slice(1);
  return { json, tokens: tokens.length };
}

/** The answer to an embedding request: unit vectors that follow from the text and look random. */
export function embeddingReply({
  model,
  input,
  encoding_format,
}: OpenAI.EmbeddingCreateParams): Reply {
  const texts = [input].flat() as string[];
  const promptTokens = texts.reduce((sum, text) => sum + tokensOf(text), 0);
  const data = texts.map((text, index) => {
    const vector = embed(text);
    const embedding =
      encoding_format === 'base64'
        ? `"${Buffer.from(vector.buffer).toString('base64')}"`
        : `[${vector.join(',')}]`;
    return `{"object":"embedding","index":${index},"embedding":${embedding}}`;
  });
  const body = `{"object":"list","model":${JSON.stringify(model)},"data":[${data.join(',')}],"usage":{"prompt_tokens":${promptTokens},"total_tokens":${promptTokens}}}`;
  return { body, promptTokens, completionTokens: 0 };
}

function embed(text: string): Float32Array<ArrayBuffer> {
  const vector = new Float32Array(DIMENSION);
  const seed = hash(text);
  let squares = 0;
  for (let i = 0; i < DIMENSION; i++) {
    const value = mixed(seed + i) / 2 ** 31 - 1;
    vector[i] = value;
    squares += value * value;
  }
  const length = Math.sqrt(squares);
  for (let i = 0; i < DIMENSION; i++) vector[i]! /= length;
  return vector;
}

function candidates(proposed: string): string[] | undefined {
  const found = [...proposed.matchAll(/^- (?:([A-Z])\. )?(.+)$/gm)];
  return found.length > 0 ? found.map(([, letter, text]) => letter ?? text!) : undefined;
}

/** The letters of the options in a question; A where it has none. */
function letters(question: string): string[] {
  const found = [...question.matchAll(/^([A-Z])\. /gm)].map(([, letter]) => letter!);
  return found.length > 0 ? found : ['A'];
}

function textOf(message: OpenAI.ChatCompletionMessageParam | undefined): string {
  return typeof message?.content === 'string' ? message.content : '';
}

/** About how many tokens a text has; exact counts would cost more than they tell. */
function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

/** FNV-1a over the text's code units, as an unsigned number of 32 bits. */
function hash(text: string, from = 0x811c9dc5): number {
  let value = from;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Spreads the bits of a number of 32 bits (the finaliser of MurmurHash3). */
function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function remembered<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    let value = made.get(key);
    if (value === undefined) {
      value = make(key);
      made.set(key, value);
    }
    return value;
  };
}
