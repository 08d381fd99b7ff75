import type { OpenAI } from 'openai';
import { chance, tokens } from './wire.ts';

/**
 * A little "model" whose answers follow from the request and the provider's seed alone. It reads the labels ("Labels: a,
 * b") or lettered options of the prompt; every question has one right answer (`goldAnswer`) and a
 * difficulty; the more competent the model, the harder the questions it gets right, and the surer
 * it is of them.
 */

/** Without training: a little better than guessing among five. */
export const BASE_COMPETENCE = 0.35;

export interface Draw {
  model: string;
  messages: OpenAI.ChatCompletionMessageParam[];
  /** 0 … 1, see `competenceOf`. */
  competence: number;
  /** What the sample depends on besides the prompt: null for a greedy one. */
  seed: number | null;
  /** The provider's own: with another one the models err elsewhere. */
  providerSeed: number;
}

/** Tokens of one answer and the natural log-probability of each. */
export type Sampled = { token: string; logprob: number }[];

/** The right answer to a question: the choice it names, else one that follows from its text. */
export function goldAnswer(question: string, choices: readonly string[]): string {
  const words = new Set(question.toLowerCase().match(/[\p{L}\p{N}]+/gu));
  const named = choices.find((choice) => choice.length > 1 && words.has(choice.toLowerCase()));
  return named ?? choices[Math.floor(chance('gold', question.trim()) * choices.length)]!;
}

/** What training on these rows makes of a model: more rows help, wrong ones harm. */
export function competenceOf(rows: OpenAI.ChatCompletionMessageParam[][], from: number): number {
  const right = rows.filter((messages) => {
    const { question, choices } = readPrompt(withSystem(messages).slice(0, -1));
    return goldAnswer(question, choices) === textOf(messages.at(-1));
  });
  const share = rows.length === 0 ? 0 : right.length / rows.length;
  const learned = (1 - Math.exp(-rows.length / 40)) * share;
  return from + (0.95 - from) * learned;
}

/** One answer: a bare choice, or a sentence and "Answer: …" where candidates are to be weighed. */
export function sample({ competence, model, seed, providerSeed, ...draw }: Draw): Sampled {
  const messages = withSystem(draw.messages);
  const { question, choices, candidates } = readPrompt(messages);
  if (choices.length === 0) return withLogprobs('I cannot tell.', 0.5);
  const luck = chance('luck', providerSeed, model, seed, messages);
  const difficulty = 0.7 * chance('difficulty', question) + 0.3 * luck;
  const gold = goldAnswer(question, choices);
  const open = candidates.length > 0 ? candidates : choices;
  const wrong = open.filter((choice) => choice !== gold);
  const isRight = open.includes(gold) && (difficulty < competence || wrong.length === 0);
  const answer = isRight ? gold : wrong[Math.floor(luck * wrong.length)]!;
  const sureness = isRight ? 0.6 + 0.39 * (1 - difficulty) : 0.35 + 0.35 * luck;
  return withLogprobs(
    candidates.length > 0 ? `It fits the question best.\nAnswer: ${answer}` : answer,
    sureness,
  );
}

function withLogprobs(text: string, sureness: number): Sampled {
  return tokens(text).map((token) => ({ token, logprob: Math.log(sureness) }));
}

/** As a chat template without a system role has it, an instruction may open the first question. */
function withSystem(
  messages: OpenAI.ChatCompletionMessageParam[],
): OpenAI.ChatCompletionMessageParam[] {
  const [first, ...rest] = messages;
  const [, system, question] = /^(.*?^Labels: .*?)\n\n(.*)$/ms.exec(textOf(first)) ?? [];
  if (first?.role !== 'user' || !system || !question) return messages;
  return [{ role: 'system', content: system }, { role: 'user', content: question }, ...rest];
}

function readPrompt(messages: OpenAI.ChatCompletionMessageParam[]) {
  const system = textOf(messages.find((one) => one.role === 'system'));
  const last = textOf(messages.findLast((one) => one.role === 'user'));
  const [asked = '', proposed = ''] = last.split('\nCandidate answers:\n');
  const lettered = [...asked.matchAll(/^([A-Z])\. /gm)].map((match) => match[1]!);
  const labels = /^Labels: (.+)$/m.exec(system)?.[1]?.split(', ') ?? [];
  return {
    question: asked.replace(/^[A-Z]\. .*$/gm, '').trim(),
    choices: labels.length > 0 ? labels : lettered,
    candidates: [...proposed.matchAll(/^- (.+)$/gm)].map((match) =>
      labels.length > 0 ? match[1]! : match[1]!.slice(0, 1),
    ),
  };
}

export function textOf(message: OpenAI.ChatCompletionMessageParam | undefined): string {
  return typeof message?.content === 'string' ? message.content : '';
}
