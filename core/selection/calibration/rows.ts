/**
 * A labelled row that was answered as the unlabelled are, by models and with neighbours that have not
 * seen it.
 */
export interface CalibrationRow {
  /** The lower, the surer. */
  score: number;
  /** Whether the label it was given is the gold one. */
  right: boolean;
}

/** Surest first. */
export const bySureness = (a: CalibrationRow, b: CalibrationRow) => a.score - b.score;

/** What a cut-off keeps of rows. */
export interface Kept {
  rows: number;
  wrong: number;
}

/** Counts what cut-offs keep, each of which is no stricter than the one before. */
export function keptBy(rows: readonly CalibrationRow[]): (cutoff: number) => Kept {
  const surestFirst = rows.toSorted(bySureness);
  let [kept, wrong] = [0, 0];
  return (cutoff) => {
    for (; kept < surestFirst.length && surestFirst[kept]!.score <= cutoff; kept++)
      if (!surestFirst[kept]!.right) wrong++;
    return { rows: kept, wrong };
  };
}

/**
 * Cut-offs from strict to loose, each of which keeps about as many unlabelled rows more: `kept` are
 * all up to it, the last are all there are. Where many scores are equal there are fewer than `steps`.
 *
 * @param unlabelled scores, lowest first
 */
export function* evenCutoffs(
  unlabelled: Float64Array,
  steps: number,
): Generator<{ cutoff: number; kept: number }> {
  const all = unlabelled.length;
  for (let step = 1, kept = 0; step <= steps && kept < all; step++) {
    const cutoff = unlabelled[Math.ceil((step * all) / steps) - 1]!;
    const before = kept;
    while (kept < all && unlabelled[kept]! <= cutoff) kept++;
    if (kept > before) yield { cutoff, kept };
  }
}
