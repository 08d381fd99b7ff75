import { bySureness, type CalibrationRow } from './rows.ts';

/**
 * How well scores tell right from wrong: the probability that a right row is surer than a wrong one,
 * ties counted half (the area under the ROC curve; J. A. Hanley and B. J. McNeil, Radiology 143, 1982).
 * 0.5 tells nothing; null where all rows are right, or all wrong.
 */
export function auroc(rows: readonly CalibrationRow[]): number | null {
  let [right, surer] = [0, 0];
  for (const tie of tiesOf(rows)) {
    surer += (tie.rows - tie.right) * (right + tie.right / 2);
    right += tie.right;
  }
  const pairs = right * (rows.length - right);
  return pairs === 0 ? null : surer / pairs;
}

/**
 * The share of right rows among the surest `coverage` (0 to 1) of them; null without rows. Where that
 * parts rows of one score, these count in proportion: what is expected of them in any order, so that
 * scores with many ties compare with those without.
 */
export function precisionAt(rows: readonly CalibrationRow[], coverage: number): number | null {
  const wanted = coverage * rows.length;
  if (wanted === 0) return null;
  let [right, left] = [0, wanted];
  for (const tie of tiesOf(rows)) {
    const taken = Math.min(left, tie.rows);
    right += (taken * tie.right) / tie.rows;
    left -= taken;
  }
  return right / wanted;
}

/** Rows of one score counted together, surest first. */
function tiesOf(rows: readonly CalibrationRow[]): { rows: number; right: number }[] {
  const ties: { score: number; rows: number; right: number }[] = [];
  for (const { score, right } of rows.toSorted(bySureness)) {
    if (ties.at(-1)?.score !== score) ties.push({ score, rows: 0, right: 0 });
    const tie = ties.at(-1)!;
    tie.rows++;
    if (right) tie.right++;
  }
  return ties;
}
