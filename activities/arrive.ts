import type { CalibrationPlan } from '../core/calibrationPlan.ts';
import { finalFailure } from '../core/failures.ts';
import { isHeldOut } from '../core/folds.ts';
import type { Arrival, Arrived } from '../core/living/arrival.ts';
import { extendDataset } from '../data/extendDataset.ts';
import type { Dataset } from '../store/dataset.ts';
import { type Dependencies, storedSpec } from './dependencies.ts';
import { failureOfData } from './failureOfData.ts';
import type { Opened } from './openRun.ts';
import { tracked } from './progress.ts';

export interface ArriveInput {
  run: string;
  /** The version of the data set that there is. */
  dataset: string;
  arrival: Arrival;
  /** Which of its labelled examples calibrate. */
  calibration?: CalibrationPlan;
}

export function createArrive(dependencies: Dependencies) {
  const { store, registry } = dependencies;
  return {
    /**
     * Takes what has come into the data set of a run. What the user must mend fails with the type
     * `DataError` and is not tried again; the data are as they were then.
     */
    arrive({ run, dataset, arrival, calibration }: ArriveInput): Promise<Arrived & Opened> {
      return tracked({ total: 0, unit: 'kB' }, async ({ set, signal }) => {
        const { data, task } = await storedSpec(dependencies, run);
        if (data.test.length === 0 && (arrival.test ?? []).length > 0)
          throw finalFailure(
            'DataError',
            'nothing is added: the run was begun without a test split, and grades on labelled examples: add the rows as labelled ones',
          );
        try {
          const input = { run, dataset, arrival, data, task };
          const options = { registry, onProgress: set, signal };
          const { report: _, ...arrived } = await extendDataset(store, input, options);
          if (!calibration) return arrived;
          const isSame = arrived.added.labelled === 0 && arrived.removed.labelled === 0;
          const now = store.dataset(arrived.dataset);
          return {
            ...arrived,
            calibration: isSame ? calibration : await recounted(calibration, now),
          };
        } catch (error) {
          throw failureOfData(error);
        }
      });
    },
  };
}

/**
 * Which labelled examples calibrate now that more have come: those of the same places. Whoever has
 * learned from one goes on to do so, and what is held out stays unseen.
 */
async function recounted(plan: CalibrationPlan, dataset: Dataset): Promise<CalibrationPlan> {
  let rows = 0;
  for await (const example of dataset.scan('labelled')) if (isHeldOut(example, plan.below)) rows++;
  return { ...plan, rows };
}
