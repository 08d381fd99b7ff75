import type { Cutoff } from '../percentile.ts';
import { type CalibrationRow, keptBy } from './rows.ts';

/** A cut-off whose kept labels are wrong, on average over draws of the calibration rows, this often. */
export interface ExpectedCutoff extends Cutoff {
  /** Unlabelled rows that it keeps. */
  kept: number;
  /** The expected share of wrong labels among these, at most; null where nothing is kept. */
  error: number | null;
}

/**
 * The loosest cut-off that keeps the expected share of wrong labels at or below `error`: of the
 * unlabelled scores, the largest k with m (1 + e_k) / ((1 + n) k) ≤ error, where m unlabelled rows are
 * compared with n calibration rows and e_k wrong ones of these are as sure as the k-th unlabelled.
 * That is Benjamini-Hochberg over conformal p-values (Conformal Labeling, arXiv 2510.14581), with the
 * share of wrong labels estimated by the calibration rows. It holds on average: of one draw the error
 * may well be higher.
 *
 * @param unlabelled scores, lowest first; a cut-off keeps all that are equal to it
 * @param error 0 to 1
 */
export function expectedCutoff(
  calibration: readonly CalibrationRow[],
  unlabelled: Float64Array,
  error: number,
): ExpectedCutoff {
  const keptRows = keptBy(calibration);
  let best: ExpectedCutoff = { cutoff: null, kept: 0, error: null };
  for (let kept = 1; kept <= unlabelled.length; kept++) {
    const cutoff = unlabelled[kept - 1]!;
    if (cutoff === unlabelled[kept]) continue; // only all of equal ones can be kept
    const { wrong } = keptRows(cutoff);
    const share = (unlabelled.length * (1 + wrong)) / ((1 + calibration.length) * kept);
    if (share <= error) best = { cutoff, kept, error: share };
  }
  return best;
}

/**
 * Calibration rows without which `expectedCutoff` keeps nothing unless more than half of the unlabelled
 * are surer than the first wrong row: 39 at 5 %.
 */
export function rowsForExpected(error: number): number {
  return Math.ceil(2 / error) - 1;
}
