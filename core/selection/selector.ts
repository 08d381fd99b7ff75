import { z } from 'zod';
import type { SelectionNeeds } from '../calibrationPlan.ts';
import type { Verdict } from '../consensus.ts';
import { LEAST_ROWS } from '../resolution.ts';
import { someOf } from '../tasks/labels.ts';
import type { Json, Threshold } from '../types.ts';
import type { Promised } from './calibration/calibration.ts';
import type { CalibrationRow } from './calibration/rows.ts';
import type { ScoreChoice, Wanted } from './choice.ts';
import type { Ranked, RankedScores } from './rankedScores.ts';
import { type Criterion, isScorable, type Scorable, type Scored } from './rule.ts';
import type { Score } from './score.ts';
import { DEFAULT_SCORE } from './scores/index.ts';

const JSON_VALUE = z.json();

/** The word of a spec for the score that is best on labelled examples. */
export const AUTO = 'auto';

/** The group of every label where all have one threshold. */
const ALL = '';

const NONE = new Float64Array();

/** Thresholds of each label. */
type ByLabel = Record<string, Threshold>;

/** Adaptive selection (§3.3) as a run does it: a rule over a score, of all labels or of each class by itself. */
export class Selector {
  readonly #criterion: Criterion;
  readonly #isPerClass: boolean;
  readonly #wanted: Wanted;
  readonly #score: Score;
  readonly #fitted: Json | undefined;

  /** @param choice of the score, where the spec leaves it open, or it is one that is fitted */
  constructor(
    criterion: Criterion,
    { isPerClass, ...wanted }: Wanted & { isPerClass: boolean },
    choice?: ScoreChoice,
  ) {
    this.#criterion = criterion;
    this.#isPerClass = isPerClass;
    this.#wanted = wanted;
    this.#score =
      wanted.scores.get(choice?.score ?? wanted.score) ?? wanted.scores.get(DEFAULT_SCORE)!;
    this.#fitted = choice?.fitted ?? undefined;
  }

  /** The same rule over the score that was chosen. */
  by(choice: ScoreChoice): Selector {
    return new Selector(this.#criterion, { ...this.#wanted, isPerClass: this.#isPerClass }, choice);
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

  /** The score of a pseudo-label that a threshold follows from; null of others. */
  ranked(row: Verdict): Ranked | null {
    if (!isScorable(row)) return null;
    const scored = this.#scored(row);
    return scored.score !== null && this.#criterion.isRanked(scored)
      ? { group: this.#groupOf(row), score: scored.score }
      : null;
  }

  /**
   * The threshold, from all ranked scores; where each class is selected from by itself, its threshold by label.
   * @param calibration rows for a rule that needs some
   * @throws TypeError where the rule gives what is no JSON: it would come out of a history otherwise
   */
  threshold(ranked: RankedScores, calibration: readonly CalibrationRow[] = []): Threshold {
    if (!this.#isPerClass) return this.#threshold(ranked.all(), calibration);
    const groups = [...ranked.byGroup()];
    return Object.fromEntries(
      groups.map(([label, scores]) => [label, this.#threshold(scores, calibration)]),
    );
  }

  /** Whether a pseudo-label goes into training; never one without a label. */
  keeps(row: Verdict, threshold: Threshold): boolean {
    return isScorable(row) && this.#criterion.keeps(this.#scored(row), this.#own(row, threshold));
  }

  /** Rule, score and threshold in words. */
  describe(threshold: Threshold): string {
    const described = (one: Threshold) => this.#criterion.describe(one, this.#score.measure);
    if (!this.#isPerClass) return described(threshold);
    const own = Object.entries(threshold as ByLabel);
    return `of each label by itself: ${someOf(own.map(([label, one]) => `${label}, ${described(one)}`))}`;
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

  #groupOf({ label }: Scorable): string {
    return this.#isPerClass ? label : ALL;
  }

  /** The threshold that a label has to keep. */
  #own({ label }: Scorable, threshold: Threshold): Threshold {
    if (!this.#isPerClass) return threshold;
    const byLabel = threshold as ByLabel;
    // A rule may keep a label of which none is ranked.
    return Object.hasOwn(byLabel, label) ? byLabel[label]! : this.#threshold(NONE, []);
  }

  #threshold(scores: Float64Array, calibration: readonly CalibrationRow[]): Threshold {
    const threshold = this.#criterion.threshold(scores, calibration);
    if (!JSON_VALUE.safeParse(threshold).success)
      throw new TypeError(
        `the rule's threshold is no plain JSON: ${this.#criterion.describe(threshold, this.#score.measure)}`,
      );
    return threshold;
  }

  #scored(row: Scorable): Scored {
    const score = this.#score.of(row, this.#fitted);
    if (Number.isNaN(score)) throw new TypeError(`the score "${this.#score.name}" is not a number`);
    return { ...row, score };
  }
}
