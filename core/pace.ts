/** How far something had come at a moment. Pure data: it can cross a Temporal payload. */
export interface Reading {
  /** Epoch milliseconds. */
  at: number;
  done: number;
}

/** With less than this a rate would be chance. */
const ENOUGH = { done: 4, ms: 4_000 };
/** The least part of the time so far between two readings that are kept. */
const SPACING = 1 / 100;

/** How many a second, between two readings; undefined until enough is seen. */
export function rateBetween(from: Reading, to: Reading): number | undefined {
  const [done, ms] = [to.done - from.done, to.at - from.at];
  return done >= ENOUGH.done && ms >= ENOUGH.ms ? (1_000 * done) / ms : undefined;
}

/**
 * How many seconds are left of `total`, by the rate between two readings; undefined until enough is
 * seen, and where nothing is left or known to be.
 */
export function secondsLeft(from: Reading, to: Reading, total: number): number | undefined {
  const rate = rateBetween(from, to);
  return rate === undefined || total <= to.done ? undefined : (total - to.done) / rate;
}

/**
 * The readings by which a rate is told that follows changes, and yet does not jump: those of the
 * latter half of the time so far, and the one before, which comes first. There are no more than a
 * hundred or so, however long it goes on.
 * @param readings oldest first; none is later than `now`
 * @param startedAt epoch milliseconds
 */
export function latterHalf(
  readings: readonly Reading[],
  startedAt: number,
  now: Reading,
): readonly Reading[] {
  const half = (startedAt + now.at) / 2;
  const first = readings.findLastIndex(({ at }) => at <= half);
  const kept = readings.slice(Math.max(first, 0));
  const last = kept.at(-1);
  const isNear = last && now.at - last.at < SPACING * (now.at - startedAt);
  return isNear ? kept : [...kept, now];
}
