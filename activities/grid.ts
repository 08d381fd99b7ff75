import { getClient } from '@temporalio/activity';
import { finalFailure } from '../core/failures.ts';
import { compareLabels } from './compareLabels.ts';
import { type Dependencies, openRound } from './dependencies.ts';
import { tracked } from './progress.ts';

export function createGrid(dependencies: Dependencies) {
  const { store } = dependencies;
  return {
    /** Those of a grid's runs that have completed, however long ago. */
    async finishedRuns(runs: readonly string[]): Promise<string[]> {
      return tracked({ total: runs.length, unit: 'runs' }, async () => [
        ...(await store.finishedRuns.among(runs)).keys(),
      ]);
    },

    /**
     * Notes that a run has completed, on which data set, and what its labels are worth: Temporal
     * forgets it some day.
     * @throws ApplicationFailure `RunElsewhere`, non-retryable, where it has not completed
     */
    async recordRun(run: string): Promise<void> {
      await tracked({ total: 1, unit: 'runs' }, async () => {
        const { memo, status } = await getClient().workflow.getHandle(run).describe();
        const dataset = memo?.dataset as string | undefined;
        if (status.name !== 'COMPLETED' || dataset === undefined)
          throw finalFailure(
            'RunElsewhere',
            `run "${run}" is ${status.name.toLowerCase()}, and not by this grid: wait for it to end or cancel it, then start the grid again`,
          );
        const { length: round } = await (await store.run(run, dataset)).reports();
        const ref = { run, round, dataset };
        const labels = await compareLabels(await openRound(dependencies, ref), ref);
        await store.finishedRuns.add({ run, dataset, labels });
      });
    },
  };
}
