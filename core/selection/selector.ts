import { z } from 'zod';
import type { SelectionNeeds } from '../calibrationPlan.ts';
import type { Verdict } from '../consensus.ts';
import { LEAST_ROWS } from '../resolution.ts';
import type { Json, Threshold } from '../types.ts';
import type { Promised } from './calibration/calibration.ts';
import type { CalibrationRow } from './calibration/rows.ts';
import type { ScoreChoice, Wanted } from './choice.ts';
import { type Criterion, isScorable, type Scorable, type Scored } from './rule.ts';
import type { Score } from './score.ts';
import { DEFAULT_SCORE } from './scores/index.ts';

const JSON_VALUE = z.json();

/** The word of a spec for the score that is best on labelled examples. */
export const AUTO = 'auto';

/** Adaptive selection (§3.3) as a run does it: a rule over a score. */
export class Selector {
  readonly #criterion: Criterion;
  readonly #wanted: Wanted;
  readonly #score: Score;
  readonly #fitted: Json | undefined;

  /** @param choice of the score, where the spec leaves it open, or it is one that is fitted */
  constructor(criterion: Criterion, wanted: Wanted, choice?: ScoreChoice) {
    this.#criterion = criterion;
    this.#wanted = wanted;
    this.#score =
      wanted.scores.get(choice?.score ?? wanted.score) ?? wanted.scores.get(DEFAULT_SCORE)!;
    this.#fitted = choice?.fitted ?? undefined;
  }

  /** The same rule over the score that was chosen. */
  by(choice: ScoreChoice): Selector {
    return new Selector(this.#criterion, this.#wanted, choice);
  }

  /** What the spec says of the score, and the scores there are. */
  get wanted(): Wanted {
    return this.#wanted;
  }

  /** What it wants of labelled examples that nobody has seen who answers them. */
  get needs(): SelectionNeeds {
    const { score, scores } = this.#wanted;
    const isScoreOptional = score === AUTO;
    return {
      rule: this.#criterion.calibrationRows ?? 0,
      score: isScoreOptional ? LEAST_ROWS : (scores.get(score)?.fitsFrom ?? 0),
      isScoreOptional,
    };
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
   * @param calibration rows for a rule that needs some
   * @throws TypeError where the rule gives what is no JSON: it would come out of a history otherwise
   */
  threshold(ranked: Float64Array, calibration: readonly CalibrationRow[] = []): Threshold {
    const threshold = this.#criterion.threshold(ranked.sort(), calibration);
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

  /** What the rule promises of what it keeps, where it promises something. */
  promise(threshold: Threshold): Promised | undefined {
    return this.#criterion.promise?.(threshold);
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
    const score = this.#score.of(row, this.#fitted);
    if (Number.isNaN(score)) throw new TypeError(`the score "${this.#score.name}" is not a number`);
    return { ...row, score };
  }
}
