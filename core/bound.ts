import type { Verdict } from './consensus.ts';
import type { Task } from './tasks/task.ts';
import type { Example } from './types.ts';

/** What a study lets labels know of the gold answers, to see what the best could give. */
export type Bound = 'oracle' | 'ceiling';

/**
 * A verdict that has seen the gold answer, where the example has one: the oracle takes the label away
 * where it is wrong, the ceiling gives the gold one. Of what has none there is no label.
 */
export function boundedBy(
  bound: Bound | undefined,
  verdict: Verdict,
  example: Example,
  { grade }: Pick<Task, 'grade'>,
): Verdict {
  const { answer } = example;
  if (bound === undefined) return verdict;
  if (answer === undefined) return { ...verdict, label: null };
  if (bound === 'ceiling') return { ...verdict, label: answer };
  const [first] = grade(verdict.label, example);
  return first!.of > 0 && first!.got === first!.of ? verdict : { ...verdict, label: null };
}
