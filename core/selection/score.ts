import type { Scorable } from './rule.ts';

/** What a selection rule ranks pseudo-labels by. */
export interface Score {
  /** As `selection.score` of a run spec names it. */
  name: string;
  /** For the JSON schema, in a sentence. */
  description: string;
  /** What it measures, as reports name it: the lower, the surer. */
  measure: string;
  /** The score of a pseudo-label, lowest where it is surest; null where there is none. Pure. */
  of(row: Scorable): number | null;
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
export function defineScore(score: Score): Score {
  return score;
}
