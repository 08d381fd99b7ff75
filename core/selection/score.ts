import type { Json } from '../types.ts';
import type { Scorable } from './rule.ts';

/** A pseudo-label of a labelled example that those who gave it had not seen. */
export interface Judged {
  row: Scorable;
  /** Whether it is the gold one. */
  right: boolean;
}

/** What a selection rule ranks pseudo-labels by. */
export interface Score<Fitted = Json> {
  /** As `selection.score` of a run spec names it. */
  name: string;
  /** For the JSON schema, in a sentence. */
  description: string;
  /** What it measures, as reports name it: the lower, the surer. */
  measure: string;
  /**
   * The score of a pseudo-label, lowest where it is surest; null where there is none. Pure.
   * @param fitted what `fit` has made, where there were labelled examples for it
   */
  of(row: Scorable, fitted?: Fitted): number | null;
  /**
   * What the score learns from labelled examples, as plain JSON: it passes through the workflow. Pure.
   * @param rows some of them right, and some wrong
   */
  fit?(rows: readonly Judged[]): Fitted;
  /** How many labelled examples `fit` needs at least; a run with fewer is refused. */
  fitsFrom?: number;
  /**
   * Whether it follows from entropies and votes alone. Then a round in which there are none (one
   * vote an example, no log-probabilities) ends before its fine-tunes.
   */
  needsEvidence?: boolean;
}

/**
 * A score of one's own, for `extensions.scores` of the configuration.
 *
 * @example
 * ```ts
 * import { defineScore } from 'semievol';
 *
 * export const dissent = defineScore({
 *   name: 'dissent',
 *   description: 'The share of the answers that say otherwise.',
 *   measure: 'dissent',
 *   of: ({ votes, collaborators }) => 1 - votes / collaborators,
 * });
 * ```
 */
export function defineScore<Fitted = Json>(score: Score<Fitted>): Score {
  return score as Score;
}
