import type { RunSpec } from '../spec.ts';

/** A way to run: what is compared in a grid. */
export interface GridCell {
  name: string;
  /** Other names for the same spec. */
  also: string[];
  /** Of each of its runs but for its name, seed, scope and draw. */
  spec: RunSpec;
}

/**
 * The runs on one draw of the data by one training seed, one a cell. What they have in common is
 * computed once: they go one after another.
 */
export interface GridGroup {
  dataSeed: number;
  trainingSeed: number;
  /** Where relative paths of data files start. */
  folder: string;
  /** Names of the runs, in the order of the cells. */
  runs: string[];
}

/** All the runs of a grid: plain JSON, that workflows go by. */
export interface GridPlan {
  name: string;
  cells: GridCell[];
  groups: GridGroup[];
  /** Groups at the same time. */
  window: number;
  /** Whether data seeds draw from the files; else there are files for each. */
  draws: boolean;
}

/** What the runs of a group share their answers and models under. */
export const scopeOf = (
  { name }: Pick<GridPlan, 'name'>,
  { dataSeed, trainingSeed }: Pick<GridGroup, 'dataSeed' | 'trainingSeed'>,
): string => `${name}.d${dataSeed}.t${trainingSeed}`;

/** The spec of a cell's run in a group. */
export function specOf(plan: GridPlan, group: GridGroup, cell: number): RunSpec {
  const { spec } = plan.cells[cell]!;
  return {
    ...spec,
    name: group.runs[cell]!,
    seed: group.trainingSeed,
    share: scopeOf(plan, group),
    data: plan.draws ? { ...spec.data, draw: group.dataSeed } : spec.data,
  };
}
