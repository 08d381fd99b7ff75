import type { Threshold } from '../types.ts';
import type { Candidate, Criterion, Labelled, Scored } from './rule.ts';
import type { Score } from './score.ts';

/** Adaptive selection (§3.3) as a run does it: a rule over a score. */
export class Selector {
  readonly #criterion: Criterion;
  readonly #score: Score;

  constructor(criterion: Criterion, score: Score) {
    this.#criterion = criterion;
    this.#score = score;
  }

  /** The score of a pseudo-label that the threshold follows from; null of others. */
  rankedScore(row: Candidate): number | null {
    if (!isLabelled(row)) return null;
    const scored = this.#scored(row);
    return scored.score !== null && this.#criterion.isRanked(scored) ? scored.score : null;
  }

  /** The threshold, from all ranked scores in any order; these get sorted. */
  threshold(ranked: Float64Array): Threshold {
    return this.#criterion.threshold(ranked.sort());
  }

  /** Whether a pseudo-label goes into training; never one without a label. */
  keeps(row: Candidate, threshold: Threshold): boolean {
    return isLabelled(row) && this.#criterion.keeps(this.#scored(row), threshold);
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

  #scored(row: Labelled): Scored {
    return { ...row, score: this.#score.of(row) };
  }
}

const isLabelled = (row: Candidate): row is Labelled => row.label !== null;
