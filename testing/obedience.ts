import type { OpenAI } from 'openai';
import { type Sampled, textOf } from './model.ts';
import { chance, tokens } from './wire.ts';

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;

/** How a question begins that finds out what a model is capable of. */
const PROBE = 'Probe: ';
const NUMBERS = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen';
const WORDS = 'a green clock sings under seven rivers while lost maps of paper learn to swim'.split(
  ' ',
);

/** Whether a request finds out what a model is capable of. */
export const isProbe = ({ messages }: Pick<Params, 'messages'>): boolean =>
  textOf(messages.at(-1)).startsWith(PROBE);

/**
 * The answer of a model that does as it is told, and whose log-probabilities differ.
 * @param seed what a sentence depends on: null for a greedy one
 */
export function obey({ messages, response_format }: Params, seed: number | null): Sampled {
  const text = answerTo(messages, response_format, seed);
  return tokens(text).map((token, index) => ({
    token,
    logprob: Math.log(0.2 + 0.7 * chance('sure', seed, index)),
  }));
}

function answerTo(
  messages: Params['messages'],
  format: Params['response_format'],
  seed: number | null,
): string {
  const asked = textOf(messages.at(-1));
  if (format?.type === 'json_object') return '{ "answer": "white" }';
  if (format?.type === 'json_schema') {
    const { properties = {} } = format.json_schema.schema ?? {};
    const fields = Object.keys(properties as object).map((name) => [name, 'white']);
    return JSON.stringify(Object.fromEntries(fields));
  }
  if (asked.includes('snow')) return 'White';
  if (asked.includes('count')) return NUMBERS;
  if (asked.includes('colour of the day')) {
    const told = messages.map((one) => /colour of the day is (\w+)\./.exec(textOf(one))?.[1]);
    return told.find(Boolean) ?? 'I cannot tell.';
  }
  const word = (index: number) => WORDS[Math.floor(chance('word', seed, index) * WORDS.length)];
  return Array.from({ length: 12 }, (_, index) => word(index)).join(' ');
}
