import type { Task } from '../tasks/task.ts';
import type { Json } from '../types.ts';
import { mayBalance } from './balance.ts';
import { crossFitted } from './calibration/crossFitting.ts';
import { auroc } from './calibration/ranking.ts';
import type { CalibrationRow } from './calibration/rows.ts';
import type { Judged, Score } from './score.ts';
import { DEFAULT_SCORE } from './scores/index.ts';
import { probability } from './scores/probability.ts';

/** The score that pseudo-labels are ranked by. Plain JSON: it passes through the workflow to later rounds. */
export interface ScoreChoice {
  /** As `selection.score` of a spec names it. */
  score: string;
  /** What the score has learned from labelled examples; null where it learns nothing. */
  fitted: Json;
  /** Why it is this one, in words. */
  reason: string;
}

/** What spec and rows there are leave to be chosen. */
export interface Wanted {
  /** The word of the spec: a score, or `auto`. */
  score: string;
  scores: ReadonlyMap<string, Score>;
}

export interface Choosing extends Wanted {
  /** The score where none can be chosen. */
  unchosen: string;
}

/**
 * The score where none can be chosen. Labels are ranked best by their probability (docs/reproduce.md);
 * that of a longer answer says little more than how short it is.
 */
export const unchosenScore = (task: Pick<Task, 'classes' | 'classesOf'>): string =>
  mayBalance(task) ? probability.name : DEFAULT_SCORE;

/** Without labelled examples to choose or fit by. @param reason why there are none */
export function choiceWithout({ score, scores, unchosen }: Choosing, reason: string): ScoreChoice {
  const isPlain = scores.has(score) && !scores.get(score)!.fit;
  return isPlain
    ? { score, fitted: null, reason: NAMED }
    : { score: unchosen, fitted: null, reason };
}

/**
 * The score of the spec, fitted if need be; for `auto` the one that tells right from wrong best, by
 * the AUROC on these rows, of equally good ones the first. A score that is fitted is judged on rows
 * that it was not fitted on. Where all rows are right, or all wrong, nothing can be told of any.
 */
export function chooseScore(wanted: Choosing, rows: readonly Judged[]): ScoreChoice {
  const { score, scores } = wanted;
  const right = rows.filter((one) => one.right).length;
  if (right === 0 || right === rows.length)
    return choiceWithout(
      wanted,
      `all ${rows.length} labelled examples to learn from are ${right > 0 ? 'right' : 'wrong'}`,
    );
  const named = scores.get(score);
  if (named) return { score, fitted: named.fit?.(rows) ?? null, reason: NAMED };
  const all = [...scores.values()].map((one) => ({ one, auroc: auroc(asJudged(one, rows))! }));
  const best = all.reduce((first, other) => (other.auroc > first.auroc ? other : first));
  return {
    score: best.one.name,
    fitted: best.one.fit?.(rows) ?? null,
    reason: `of ${all.length} scores it tells right from wrong best on ${rows.length} labelled examples`,
  };
}

const NAMED = 'the spec names it';

/** Folds in which a score that is fitted is judged. */
const FOLDS = 5;

/** What a score says of rows, of none that it was fitted on; where it says nothing a row comes last. */
export function asJudged(score: Score, rows: readonly Judged[]): CalibrationRow[] {
  const { fit } = score;
  if (!fit) return scored(score, null, rows);
  const foldOf = evenFolds(rows);
  const said = crossFitted(rows, {
    fold: (row) => foldOf.get(row)!,
    fit: (others) => fit.call(score, others),
    predict: (fitted, { row }) => score.of(row, fitted) ?? LAST,
  });
  return rows.map(({ right }, index) => ({ score: said[index]!, right }));
}

/** Folds of as many right ones each, and as many wrong ones. */
function evenFolds(rows: readonly Judged[]): Map<Judged, number> {
  const { some = [], none = [] } = Object.groupBy(rows, ({ right }) => (right ? 'some' : 'none'));
  return new Map([some, none].flatMap((of) => of.map((row, index) => [row, index % FOLDS])));
}

/** What a score says of rows; where it says nothing a row comes last. */
export const scored = (score: Score, fitted: Json, rows: readonly Judged[]): CalibrationRow[] =>
  rows.map(({ row, right }) => ({ score: score.of(row, fitted ?? undefined) ?? LAST, right }));

/** No score, and yet one that can be compared. */
export const LAST = Number.MAX_VALUE;
