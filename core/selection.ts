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
 * Whether a pseudo-label's entropy is among those that the rule's percentile is taken of (§3.3).
 *
 * - `paper`: all that have a label and an entropy.
 * - `official` (the authors' code): of these the disagreed ones only.
 */
export function isRanked(
  row: Candidate,
  { rule }: SelectionSpec,
): row is Candidate & { entropy: number } {
  return row.label !== null && row.entropy !== null && !(rule === 'official' && row.agreed);
}

/** The cut-off of the round's rule, from the entropies of its ranked rows; these get sorted. */
export function selectionThreshold(
  { rule, percentile }: SelectionSpec,
  entropies: Float64Array,
): Threshold {
  return { rule, percentile, cutoff: nearestRank(entropies.sort(), percentile) };
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

/** The smallest value with at least `percentile` per cent of all at or below it. */
function nearestRank(ranked: Float64Array, percentile: number): number | null {
  return ranked[Math.ceil((percentile * ranked.length) / 100) - 1] ?? null;
}
