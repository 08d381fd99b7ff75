import type { Config } from '../config/config.ts';
import type { GridPlan } from '../core/grid/plan.ts';
import { type GridRun, type GridTable, gridTable } from '../core/grid/table.ts';
import { connectStore } from '../store/store.ts';

/**
 * Reads what the runs of a grid have come to, as far as they have completed.
 * @throws StoreError
 */
export async function readGrid(
  { uri, options }: Config['store'],
  { name, cells, groups }: GridPlan,
): Promise<GridTable> {
  const store = connectStore({ uri, storageOptions: options });
  try {
    const finished = await store.finishedRuns.among(groups.flatMap(({ runs }) => runs));
    const runs: GridRun[] = [];
    for (const { dataSeed, trainingSeed, runs: names } of groups)
      for (const [index, run] of names.entries()) {
        const known = finished.get(run);
        if (!known) continue;
        const { dataset, labels } = known;
        const rounds = await (await store.run(run, dataset)).reports();
        runs.push({ cell: cells[index]!.name, run, dataSeed, trainingSeed, rounds, labels });
      }
    const distinct = (seeds: number[]) => [...new Set(seeds)];
    const seeds = {
      data: distinct(groups.map((group) => group.dataSeed)),
      training: distinct(groups.map((group) => group.trainingSeed)),
    };
    return gridTable({ grid: name, cells, seeds, runs });
  } finally {
    store.close();
  }
}
