import { randomFrom } from '../../random.ts';
import { type CalibrationRow, evenCutoffs, keptBy } from './rows.ts';

/** How good the surest share of the unlabelled labels is. */
export interface BandPoint {
  /** The share of the unlabelled that is kept, 0 to 1. */
  coverage: number;
  /** The share of right ones among the calibration rows as sure as these; null where there are none. */
  precision: number | null;
  /** What the share of right ones does not fall below, with confidence 1 - delta at all points at once. */
  least: number;
}

/** So many draws, one of which is the one at hand, that any usual delta is a whole number of them. */
const DRAWS = 999;
/** Calibration rows that the floor follows from: more make it hardly higher, and take longer. */
const MOST_ROWS = 1_000;
/** Points of a chart. */
const POINTS = 20;

/**
 * Precision against coverage with a floor that holds at every cut-off at once, so that a cut-off may be
 * chosen by looking at it: after the simulated envelopes of Everywhere Valid Bounds on False Discovery
 * Proportions in Conformal Inference (arXiv 2605.20726).
 *
 * Which of all n + m rows are calibration rows was as good as drawn by lot. So of the wrong ones among
 * them, surest first, the unlabelled that come before the (e + 1)-th calibration row are as many as in
 * a random order of n and m rows, whatever is right or wrong. Such orders are simulated, and an
 * envelope put over all e that 1 - delta of them stay below everywhere, the one at hand counted among
 * them: no more than so many of the unlabelled are wrong at a cut-off with e wrong calibration rows.
 * Its shape is that of equal chances at every e (cube roots of gamma variables are nearly normal:
 * E. B. Wilson and M. M. Hilferty, 1931).
 *
 * @param unlabelled scores, lowest first
 * @param delta 0 to 1
 */
export function bandOf(
  calibration: readonly CalibrationRow[],
  unlabelled: Float64Array,
  { delta, seed }: { delta: number; seed: number },
): BandPoint[] {
  const all = unlabelled.length;
  const every = Math.ceil(calibration.length / MOST_ROWS);
  const sample = calibration.filter((_, index) => index % every === 0);
  const rows = sample.length;
  const height = envelopeHeight(rows, all, delta, randomFrom(seed));
  const [keptRows, keptOfSample] = [keptBy(calibration), keptBy(sample)];
  return Array.from(evenCutoffs(unlabelled, POINTS), ({ cutoff, kept }) => {
    const seen = keptRows(cutoff);
    const { wrong } = keptOfSample(cutoff);
    const most = wrong < rows ? Math.floor(envelope(wrong, height, rows, all)) : kept;
    return {
      coverage: kept / all,
      precision: seen.rows === 0 ? null : 1 - seen.wrong / seen.rows,
      least: Math.max(0, 1 - most / kept),
    };
  });
}

/** How far above what is expected the unlabelled before the (e + 1)-th calibration row are. */
function heightOf(before: number, e: number, rows: number, all: number): number {
  const spread = 1 / (9 * (e + 1));
  return (Math.cbrt(before / expectedBefore(e, rows, all)) - (1 - spread)) / Math.sqrt(spread);
}

/** How many unlabelled before it are that far above. */
function envelope(e: number, height: number, rows: number, all: number): number {
  const spread = 1 / (9 * (e + 1));
  const root = Math.max(0, 1 - spread + height * Math.sqrt(spread));
  return expectedBefore(e, rows, all) * root ** 3;
}

const expectedBefore = (e: number, rows: number, all: number) => (all * (e + 1)) / (rows + 1);

/** The height that 1 - delta of random orders stay at or below everywhere. */
function envelopeHeight(rows: number, all: number, delta: number, random: () => number): number {
  const highest = Float64Array.from({ length: DRAWS }, () =>
    placesOf(rows, rows + all, random).reduce(
      (most, place, e) => Math.max(most, heightOf(place - e, e, rows, all)),
      Number.NEGATIVE_INFINITY,
    ),
  ).sort();
  return highest[Math.ceil((1 - delta) * (DRAWS + 1)) - 1] ?? Number.POSITIVE_INFINITY;
}

/** A random sample of `size` places out of `of`, lowest first (R. W. Floyd's algorithm, 1987). */
function placesOf(size: number, of: number, random: () => number): Float64Array {
  const places = new Set<number>();
  for (let last = of - size; last < of; last++) {
    const place = Math.floor(random() * (last + 1));
    places.add(places.has(place) ? last : place);
  }
  return Float64Array.from(places).sort();
}
