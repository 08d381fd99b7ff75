const TIMES = 7;
const FACTOR = 8;

/**
 * How many times as long some work takes on an input eight times as large: about 8 where its time
 * grows with the input, 64 where with its square. The best of several tries counts, since other
 * processes only ever make work slower; the small input should take a millisecond or so.
 */
export function growth(work: (size: number) => void, size: number): number {
  const seconds = (of: number) => {
    const start = performance.now();
    work(of);
    return performance.now() - start;
  };
  const tries = Array.from({ length: TIMES }, () => [seconds(size), seconds(FACTOR * size)]);
  const best = (of: number) => Math.min(...tries.map((one) => one[of]!));
  return best(1) / Math.max(best(0), 0.1);
}

/** A growth above it is not that of the input: half-way, as factors go, to its square. */
export const LINEAR = 22;
