/** A run of a grid that did not complete. */
export interface FailedRun {
  run: string;
  /** Why, without texts of examples. */
  message: string;
}

/** How far a grid has come: the answer of the `status` query of its workflow, and its result. */
export interface GridStatus {
  grid: string;
  /** Runs in all. */
  total: number;
  /** Those that have completed. */
  done: number;
  /** How many of these were there before this execution began. */
  before: number;
  failed: FailedRun[];
  /** Names of the runs at work. */
  running: string[];
  paused: boolean;
  /** Epoch milliseconds. */
  startedAt: number;
}

/**
 * How long a grid may still take, in milliseconds, as long as its runs go on as those before;
 * undefined where none has ended.
 * @param now epoch milliseconds
 */
export function timeLeft(
  { total, done, before, failed, startedAt }: GridStatus,
  now: number,
): number | undefined {
  const ended = done - before + failed.length;
  if (ended <= 0) return undefined;
  return ((now - startedAt) / ended) * (total - done - failed.length);
}
