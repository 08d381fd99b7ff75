import { hypergeometricTail } from '../../statistics.ts';
import type { Cutoff } from '../percentile.ts';
import { type CalibrationRow, evenCutoffs, keptBy } from './rows.ts';

/** A cut-off whose kept labels are wrong at most as often as `bound` says, with confidence 1 - delta. */
export interface GuaranteedCutoff extends Cutoff {
  /** Unlabelled rows that it keeps. */
  kept: number;
  /** Calibration rows that it keeps, and how many of these are wrong. */
  rows: number;
  wrong: number;
  /** The most that the share of wrong labels among the kept may be, 0 to 1; null where nothing is kept. */
  bound: number | null;
}

/** A cut-off that may be taken. */
type Candidate = Omit<GuaranteedCutoff, 'bound'>;

/** Cut-offs that are tried: each keeps a fiftieth of the unlabelled more than the one before. */
const STEPS = 50;

const NOTHING: GuaranteedCutoff = { cutoff: null, kept: 0, rows: 0, wrong: 0, bound: null };

/**
 * A loose cut-off of which it can be stated, with confidence 1 - `delta`, that at most a share `error`
 * of the labels it keeps is wrong. Cut-offs are tested in a fixed sequence from strict to loose, each
 * at `delta`; the last before the first that fails is taken (Learn then Test, arXiv 2110.01052).
 *
 * - The test is exact for the unlabelled rows at hand: were more than the share wrong among the kept,
 *   the calibration rows kept would hold so few of all that are wrong with a probability of at most
 *   `delta` (hypergeometric). For a large pool that is the binomial test of Clopper and Pearson, which
 *   bounds the error of *all* rows that might come: with fewer unlabelled than calibration rows, the
 *   error of those at hand exceeds it too often. (That a sequence of tests keeps `delta` is proven where
 *   what is tested is no matter of chance, as for the binomial; for the labels at hand it is measured:
 *   `npm run bench -- calibration`.)
 * - The sequence follows from the scores alone, never from what is right: quantiles of the unlabelled.
 *   A cut-off with too few calibration rows to pass if all of them were right is not in it; it starts
 *   where the test would pass in spite of one wrong row, if that is in the surer half of the unlabelled,
 *   so that a single one does not end it.
 *
 * @param unlabelled scores, lowest first; a cut-off keeps all that are equal to it
 * @param error 0 to 1
 * @param delta 0 to 1
 */
export function guaranteedCutoff(
  calibration: readonly CalibrationRow[],
  unlabelled: Float64Array,
  error: number,
  delta: number,
): GuaranteedCutoff {
  const passes = (at: Candidate) => chance(at, Math.floor(error * at.kept + ROUNDING) + 1) <= delta;
  const keptRows = keptBy(calibration);
  const sequence = Array.from(evenCutoffs(unlabelled, STEPS), (one) => ({
    ...one,
    ...keptRows(one.cutoff),
  })).filter((one) => passes({ ...one, wrong: 0 }));
  const spare = sequence.find((one) => passes({ ...one, wrong: 1 }));
  const isEarly = spare !== undefined && 2 * spare.kept <= unlabelled.length;
  const tested = isEarly ? sequence.slice(sequence.indexOf(spare)) : sequence;
  const failed = tested.findIndex((one) => !passes(one));
  const last = tested[(failed < 0 ? tested.length : failed) - 1];
  return last ? { ...last, bound: boundOf(last, delta) } : NOTHING;
}

/** A share of a whole number that is one itself may come out a little less. */
const ROUNDING = 1e-9;

/** That so few of the calibration rows kept are wrong, if so many of the unlabelled kept are. */
function chance({ kept, rows, wrong }: Candidate, wrongKept: number): number {
  if (wrongKept > kept) return 0;
  return hypergeometricTail(wrong, rows, { marked: wrong + wrongKept, of: rows + kept });
}

/** The largest share of wrong labels among the kept that is not refuted. */
function boundOf(at: Candidate, delta: number): number {
  let [unrefuted, refuted] = [0, at.kept + 1];
  while (refuted - unrefuted > 1) {
    const middle = (unrefuted + refuted) >> 1;
    if (chance(at, middle) <= delta) refuted = middle;
    else unrefuted = middle;
  }
  return unrefuted / at.kept;
}

/**
 * Calibration rows, all of them right, without which `guaranteedCutoff` keeps nothing of however large
 * a pool: 45 for 5 % at a delta of 0.1, 59 at 0.05. Where it keeps half, it takes twice as many.
 */
export function rowsForGuaranteed(error: number, delta: number): number {
  return Math.ceil(Math.log(delta) / Math.log1p(-error));
}
