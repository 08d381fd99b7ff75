/** A label with how probable it is said to be. */
export interface Claim {
  /** 0 to 1: the `probability` of a verdict. */
  confidence: number;
  right: boolean;
}

/** Claims of like confidence. */
export interface ReliabilityBin {
  /** The confidences it holds: `from` to below `to`, the last with 1. */
  from: number;
  to: number;
  rows: number;
  /** Mean of them, and the share that is right. */
  confidence: number;
  accuracy: number;
}

const BINS = 10;

/** How often labels are right that are said to be so probable, in tenths of confidence; without empty ones. */
export function reliability(claims: readonly Claim[]): ReliabilityBin[] {
  const binOf = ({ confidence }: Claim) => Math.min(BINS - 1, Math.floor(confidence * BINS));
  return Array.from({ length: BINS }, (_, bin) => {
    const within = claims.filter((claim) => binOf(claim) === bin);
    const rows = within.length;
    return {
      ...{ from: bin / BINS, to: (bin + 1) / BINS, rows },
      confidence: within.reduce((sum, { confidence }) => sum + confidence, 0) / rows,
      accuracy: within.filter(({ right }) => right).length / rows,
    };
  }).filter(({ rows }) => rows > 0);
}

/**
 * Expected calibration error: how far confidence and share of right lie apart, on average over the rows
 * (C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, arXiv 1706.04599); null without rows.
 */
export function calibrationError(bins: readonly ReliabilityBin[]): number | null {
  const all = bins.reduce((sum, { rows }) => sum + rows, 0);
  if (all === 0) return null;
  return bins.reduce(
    (sum, { rows, confidence, accuracy }) => sum + (rows / all) * Math.abs(confidence - accuracy),
    0,
  );
}
