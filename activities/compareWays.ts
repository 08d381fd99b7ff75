import { sumsFor } from '../core/comparison.ts';
import { ranges } from '../core/range.ts';
import { WAYS, type WaysCompared } from '../core/resolution.ts';
import { examplesOf } from './asking.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';
import { storedVerdicts } from './verdicts.ts';

/** Examples whose answers are graded at once. Bounds the memory. */
const PAGE = 2_048;

export function createCompareWays(dependencies: Dependencies) {
  return {
    /** Grades what each way to resolve disagreement (§3.2) makes of the cross-fitted examples. */
    async compareWays(ref: RoundRef): Promise<WaysCompared> {
      const context = await openRound(dependencies, ref);
      const { dataset, spec, task } = context;
      const total = await dataset.count('labelled');
      return tracked({ total, unit: 'examples' }, async (tracker) => {
        const size = { models: WAYS.length, examples: total, seed: spec.seed };
        const sums = sumsFor(task.metrics[0], size);
        let rows = 0;
        let disagreed = 0;
        for (const range of ranges(total, PAGE)) {
          tracker.signal.throwIfAborted();
          const passRef = { ...ref, range, pass: 'cross-fit' } as const;
          const verdictOn = await storedVerdicts(context, passRef);
          for (const example of await examplesOf(context, passRef)) {
            rows++;
            const labels = WAYS.map((way) => verdictOn(example, way));
            const { agreed, label } = labels[0]!;
            if (!agreed && label !== null) disagreed++;
            sums.add(labels.map((one) => task.grade(one.label, example)[0]!));
          }
          tracker.add(range.to - range.from);
        }
        const { confidence } = spec.evaluation;
        const values = Object.fromEntries(
          WAYS.map((way, index) => [way, sums.estimate(index, confidence)]),
        ) as WaysCompared['values'];
        return { rows, disagreed, values };
      });
    },
  };
}
