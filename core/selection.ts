import type { SelectionSpec } from './spec.ts';
import type { PseudoLabel } from './types.ts';

/** What selection looks at of a pseudo-label. */
export type Candidate = Pick<PseudoLabel, 'entropy' | 'agreed' | 'label'>;

interface PercentileThreshold {
  rule: SelectionSpec['rule'];
  /** θ, in per cent. */
  percentile: number;
  /** Highest entropy kept, in nats; null where the percentile keeps none. */
  cutoff: number | null;
}

/**
 * A rule with its cut-off, as plain JSON. A further rule (`calibrated`, learned from held-out
 * labelled data) is a further member of this union and a case in the functions below.
 */
export type Threshold = PercentileThreshold;

/**
 * Finds the cut-off of the round's rule over all its pseudo-labels (§3.3). Holds 8 bytes a row.
 *
 * - `paper`: the θ-percentile of the entropies of all that have a label and an entropy.
 * - `official` (the authors' code): the same over the disagreed ones only.
 */
export function selectionThreshold(spec: SelectionSpec, rows: Iterable<Candidate>): Threshold {
  const { rule, percentile } = spec;
  const ranked = Float64Array.from(entropies(rows, rule === 'official')).sort();
  return { rule, percentile, cutoff: nearestRank(ranked, percentile) };
}

/**
 * Whether a pseudo-label goes into training. The paper writes "below the percentile"; an entropy
 * *at* the cut-off is kept, because the nearest-rank percentile is one of the rows itself: a
 * strict comparison would drop that row, and all of them where entropies are equal (as those of
 * votes often are). So a share of at least θ is kept, more where ties straddle the cut-off.
 * `official` keeps every agreed one besides, whatever its entropy.
 */
export function isSelected(row: Candidate, threshold: Threshold): boolean {
  if (row.label === null) return false;
  if (threshold.rule === 'official' && row.agreed) return true;
  return threshold.cutoff !== null && row.entropy !== null && row.entropy <= threshold.cutoff;
}

function* entropies(rows: Iterable<Candidate>, disagreedOnly: boolean): Generator<number> {
  for (const row of rows)
    if (row.label !== null && row.entropy !== null && !(disagreedOnly && row.agreed))
      yield row.entropy;
}

/** The smallest value with at least `percentile` per cent of all at or below it. */
function nearestRank(ranked: Float64Array, percentile: number): number | null {
  return ranked[Math.ceil((percentile * ranked.length) / 100) - 1] ?? null;
}
