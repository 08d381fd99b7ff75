import type { Span } from './span.ts';

/** Who answers, and in which form. */
export interface Answering {
  /** Tokens of an answer that is no longer than it has to be, with the one that ends it. */
  target: number;
  /** Most tokens that are drawn. */
  most: number;
  /** Whether the model has been tuned to the answers of the task, which are short. */
  isTuned: boolean;
  /** Whether it is asked for these, and for no more. */
  isTaught: boolean;
  /** What the model, or the one it is tuned from, was found to say. */
  measured?: Measured | undefined;
}

/** Tokens of answers that were drawn to measure them. */
export interface Measured {
  mean: number;
}

/**
 * Tokens of an answer. A model says what it was taught; one that is asked for more says what was
 * measured, and without that no more than it has to, if it was tuned at all. Of others nothing is sure
 * but the limit: the likeliest is the geometric middle.
 */
export function answerTokens({ target, most, isTuned, isTaught, measured }: Answering): Span {
  const shortest = Math.min(target, most);
  const unmeasured = isTuned ? shortest : Math.sqrt(shortest * most);
  return {
    low: Math.min(1, shortest),
    likely: Math.min(most, isTaught ? shortest : (measured?.mean ?? unmeasured)),
    high: most,
  };
}
