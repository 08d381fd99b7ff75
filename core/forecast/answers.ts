import type { Span } from './span.ts';

/** Who answers, and in which form. */
export interface Answering {
  /** Tokens of the answer alone, with the one that ends it. */
  target: number;
  /** Most tokens that are drawn. */
  most: number;
  /** Whether the model has been tuned to give the answer alone. */
  isTaught: boolean;
  /** What the model, or the one it is tuned from, was found to say. */
  measured?: Measured | undefined;
}

/** Tokens of answers that were drawn to measure them. */
export interface Measured {
  mean: number;
}

/**
 * Tokens of an answer. A model that was taught to says the answer alone; of others nothing is sure
 * but the limit, and the likeliest is what was measured, or the geometric middle between the answer
 * alone and the limit.
 */
export function answerTokens({ target, most, isTaught, measured }: Answering): Span {
  const shortest = Math.min(target, most);
  const open = measured?.mean ?? Math.sqrt(shortest * most);
  return {
    low: Math.min(1, shortest),
    likely: Math.min(most, isTaught ? shortest : open),
    high: most,
  };
}
