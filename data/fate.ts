import type { Task } from '../core/tasks/task.ts';
import type { Example, Split } from '../core/types.ts';
import type { Known } from '../store/dataset.ts';
import type { Struck } from '../store/struck.ts';

/** Why an example of an addition is left out. */
export type LeftOut = 'repeated' | 'inTest' | 'inLabelled' | 'inUnlabelled' | 'withdrawn';

/** An example that an addition strikes out. */
export type Strike = Omit<Struck, 'by'>;

/** What becomes of an example whose question the data set may know: it is left out, or strikes others. */
export type Fate = { leftOut: LeftOut } | { leftOut?: undefined; strikes: Strike[] };

/**
 * What becomes of an example that is added to a data set.
 *
 * - What was withdrawn does not come again.
 * - No model may have learned of a test row, nor have been asked about it: it is new.
 * - The newer of two gold answers counts, and what is labelled is not unlabelled.
 *
 * @param known what there is of the same id in earlier versions, struck out or not
 */
export function fateOf(
  split: Split,
  example: Pick<Example, 'id' | 'answer'>,
  known: readonly Known[],
  task: Pick<Task, 'equal'>,
): Fate {
  if (known.some(({ struck }) => struck === 'withdrawn')) return { leftOut: 'withdrawn' };
  const live = (one: Split) => known.find((row) => row.split === one && row.struck === null);
  if (split === 'test') {
    if (known.some((row) => row.split === 'labelled')) return { leftOut: 'inLabelled' };
    if (known.some((row) => row.split === 'unlabelled')) return { leftOut: 'inUnlabelled' };
  } else if (live('test')) return { leftOut: 'inTest' };
  const same = live(split);
  if (split === 'unlabelled') {
    if (live('labelled')) return { leftOut: 'inLabelled' };
    return same ? { leftOut: 'repeated' } : { strikes: [] };
  }
  if (same && task.equal(same.answer!, example.answer!)) return { leftOut: 'repeated' };
  const unlabelled = split === 'labelled' ? live('unlabelled') : undefined;
  return {
    strikes: [
      ...(same ? [strike(same, 'superseded')] : []),
      ...(unlabelled ? [strike(unlabelled, 'labelled')] : []),
    ],
  };
}

const strike = ({ split, ordinal, id }: Known, reason: Strike['reason']): Strike => ({
  ...{ split, ordinal, id, reason },
});
