import { z } from 'zod';
import type { Verdict } from '../consensus.ts';
import type { Threshold } from '../types.ts';
import type { Criterion, Scorable, Scored } from './rule.ts';
import type { Score } from './score.ts';

const JSON_VALUE = z.json();

/** Adaptive selection (§3.3) as a run does it: a rule over a score. */
export class Selector {
  readonly #criterion: Criterion;
  readonly #score: Score;

  constructor(criterion: Criterion, score: Score) {
    this.#criterion = criterion;
    this.#score = score;
  }

  /** What the score says of a pseudo-label, the lower the surer; null where that is nothing. */
  scoreOf(row: Verdict): number | null {
    return isScorable(row) ? this.#scored(row).score : null;
  }

  /** The score of a pseudo-label that the threshold follows from; null of others. */
  rankedScore(row: Verdict): number | null {
    if (!isScorable(row)) return null;
    const scored = this.#scored(row);
    return scored.score !== null && this.#criterion.isRanked(scored) ? scored.score : null;
  }

  /**
   * The threshold, from all ranked scores in any order; these get sorted.
   * @throws TypeError where the rule gives what is no JSON: it would come out of a history otherwise
   */
  threshold(ranked: Float64Array): Threshold {
    const threshold = this.#criterion.threshold(ranked.sort());
    if (!JSON_VALUE.safeParse(threshold).success)
      throw new TypeError(`the rule's threshold is no plain JSON: ${this.describe(threshold)}`);
    return threshold;
  }

  /** Whether a pseudo-label goes into training; never one without a label. */
  keeps(row: Verdict, threshold: Threshold): boolean {
    return isScorable(row) && this.#criterion.keeps(this.#scored(row), threshold);
  }

  /** Rule, score and threshold in words. */
  describe(threshold: Threshold): string {
    return this.#criterion.describe(threshold, this.#score.measure);
  }

  /** What to change in the spec so that more is kept. */
  get remedy(): string {
    return this.#criterion.remedy;
  }

  /** Whether scores follow from entropies and votes alone. */
  get needsEvidence(): boolean {
    return this.#score.needsEvidence ?? false;
  }

  #scored(row: Scorable): Scored {
    const score = this.#score.of(row);
    if (Number.isNaN(score)) throw new TypeError(`the score "${this.#score.name}" is not a number`);
    return { ...row, score };
  }
}

const isScorable = (row: Verdict): row is Scorable => row.label !== null;
