import { getClient } from '@temporalio/activity';
import { finalFailure } from '../core/failures.ts';
import type { Dependencies } from './dependencies.ts';
import { tracked } from './progress.ts';

export function createGrid({ store }: Pick<Dependencies, 'store'>) {
  return {
    /** Those of a grid's runs that have completed, however long ago. */
    async finishedRuns(runs: readonly string[]): Promise<string[]> {
      return tracked({ total: runs.length, unit: 'runs' }, async () => [
        ...(await store.finishedRuns.among(runs)).keys(),
      ]);
    },

    /**
     * Notes that a run has completed, and on which data set: Temporal forgets it some day.
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
        await store.finishedRuns.add({ run, dataset });
      });
    },
  };
}
