const TIMES = 5;
const FACTOR = 16;

/**
 * How many times as much processor time some work takes on an input sixteen times as large: about
 * 16 where it grows with the input, 256 where with its square. The best of several tries counts,
 * since other processes only ever make work slower. The small input should take a millisecond.
 */
export function growth(work: (size: number) => void, size: number): number {
  const milliseconds = (of: number) => {
    const before = process.cpuUsage();
    work(of);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const tries = Array.from({ length: TIMES }, () => [
    milliseconds(size),
    milliseconds(FACTOR * size),
  ]);
  const best = (of: number) => Math.min(...tries.map((one) => one[of]!));
  return best(1) / Math.max(best(0), 0.3);
}

/** A growth above it is not that of the input: half-way, as factors go, to its square. */
export const LINEAR = 64;
