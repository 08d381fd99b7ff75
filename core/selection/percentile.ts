import { z } from 'zod';

/** The highest score kept; null where none is. */
export type Cutoff = { cutoff: number | null };

/** A share in per cent, as a field of a spec. */
export const percentileField = (value: number, text: string) =>
  z.number().min(0).max(100).default(value).describe(text);

/** The smallest score with at least `percentile` per cent of all, lowest first, at or below it. */
export function nearestRank(ranked: Float64Array, percentile: number): Cutoff {
  return { cutoff: ranked[Math.ceil((percentile * ranked.length) / 100) - 1] ?? null };
}

/**
 * Whether a score is at or below a cut-off. The paper writes "below the percentile"; a score *at*
 * the cut-off is kept, because the nearest-rank percentile is one of the rows itself: a strict
 * comparison would drop that row, and all of them where scores are equal (as the entropies of votes
 * often are). So a share of at least θ is kept, more where ties straddle the cut-off.
 */
export function isWithin({ score }: { score: number | null }, { cutoff }: Cutoff): boolean {
  return score !== null && cutoff !== null && score <= cutoff;
}

/** "entropy up to 0.1200", or "nothing by entropy". */
export function describeCutoff({ cutoff }: Cutoff, measure: string): string {
  return cutoff === null ? `nothing by ${measure}` : `${measure} up to ${cutoff.toFixed(4)}`;
}
