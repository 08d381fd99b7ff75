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
  /** In the order of the plan. */
  cells: CellPace[];
}

/** What the runs of a cell take, and how many there are still to do. */
export interface CellPace {
  left: number;
  /** Those that have completed since the grid was begun or begun again. */
  done: number;
  /** Milliseconds that these took, all together. */
  took: number;
}

/**
 * How long a grid may still take, in milliseconds, as long as as many runs are at work as now and each
 * takes as long as those of its cell before; undefined where too few have ended to tell.
 */
export function timeLeft({ cells, running }: GridStatus): number | undefined {
  // The first cell pays for what the others share with it, which are rather like each other.
  const usual = meanOf(cells.length > 1 ? cells.slice(1) : cells);
  const times = cells
    .filter(({ left }) => left > 0)
    .map((cell) => cell.left * (meanOf([cell]) ?? usual ?? Number.NaN));
  const all = sum(times) / Math.max(1, running.length);
  return Number.isNaN(all) ? undefined : all;
}

const meanOf = (cells: readonly CellPace[]): number | undefined => {
  const done = sum(cells.map((cell) => cell.done));
  return done > 0 ? sum(cells.map(({ took }) => took)) / done : undefined;
};

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);
