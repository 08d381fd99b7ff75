import type { Shares } from './optionShares.ts';
import type { ModelRole, Split } from './types.ts';
import type { Transport, Usage } from './usage.ts';

/** What a stage of a round asks the models for; part of every answer's key. */
export type AnswerStage =
  | 'collaborate'
  | 'justify'
  | 'cross-fit'
  | 'cross-fit-justify'
  | 'held-out'
  | 'held-out-justify'
  | 'group'
  | `evaluate-${ModelRole}`
  | `judge-${ModelRole}`
  | 'judge-check';

/** One sampled answer of one model to one example. */
export interface Answer {
  round: number;
  stage: AnswerStage;
  split: Split;
  ordinal: number;
  exampleId: string;
  /** Name of the collaborator; the model role for evaluations. */
  collaborator: string;
  sample: number;
  /** Name of the endpoint that was asked; empty for a collaborator that asks none. */
  endpoint: string;
  /** As the endpoint knows it; the kind of a collaborator that asks none. */
  model: string;
  /** How it was asked; what asks no endpoint counts as direct. */
  transport: Transport;
  /** What the model said; thoughts stand before it where the spec keeps them. */
  text: string;
  /** The answer in canonical form, or null where none could be read from the text. */
  parsed: string | null;
  /**
   * Mean negative log-probability a token, in nats (§3.3 of the paper), of the response or of the
   * answer in it; null without logprobs.
   */
  entropy: number | null;
  /** Of all its tokens together, where it was reasoned those of the answer, 0..1; null without logprobs. */
  probability: number | null;
  /**
   * What the model gave each of the answers that there can be, where it was asked for one of a fixed
   * set and its endpoint tells the likeliest tokens; else null.
   */
  shares: Shares | null;
  /** Token counts of a request stand with its first sample; null where the endpoint tells none. */
  promptTokens: number | null;
  cachedTokens: number | null;
  completionTokens: number | null;
  /** The endpoint's word, or why the request was given up (see `isGivenUp`). */
  finishReason: string;
}

/** The key under which an answer is stored, and by which a retry finds it. */
export function answerKey(
  answer: Pick<Answer, 'round' | 'stage' | 'exampleId' | 'collaborator' | 'sample'>,
): string {
  const { round, stage, exampleId, collaborator, sample } = answer;
  return [round, stage, exampleId, collaborator, sample].join('/');
}

/**
 * What an answer was paid for. The first of several samples of one request carries its tokens, or that
 * they are not known; the others have none. What asked no endpoint cost nothing.
 */
export function usageOfAnswer({
  endpoint,
  promptTokens,
  cachedTokens,
  completionTokens,
}: Pick<
  Answer,
  'endpoint' | 'promptTokens' | 'cachedTokens' | 'completionTokens'
>): Partial<Usage> {
  const isAsked = endpoint !== '' && promptTokens !== 0;
  const isMetered = promptTokens !== null && completionTokens !== null;
  return {
    requests: isAsked ? 1 : 0,
    unmetered: isMetered ? 0 : 1,
    promptTokens: promptTokens ?? 0,
    cachedTokens: cachedTokens ?? 0,
    completionTokens: completionTokens ?? 0,
  };
}

/** The `finishReason` of an answer without which a run went on, since who should have given it was away. */
export const AWAY = 'away';

/** Whether an answer is missing since who should have given it was away: that is no vote. */
export const isAway = ({ finishReason }: Pick<Answer, 'finishReason'>): boolean =>
  finishReason === AWAY;

/** An answer that stands elsewhere, too: there it costs nothing. */
export function paidBefore(answer: Answer, elsewhere: Partial<Answer>): Answer {
  return { ...answer, ...elsewhere, promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
}

/**
 * Whether an answer stands for a request that was given up, by its `finishReason`: refused with a
 * status, or answered with nothing that can be read, time and again, while others were answered.
 */
export function isGivenUp(finishReason: string): boolean {
  return /^(refused:\d+|unreadable|unreachable)$/.test(finishReason);
}
