import type { Part } from '../core/tasks/task.ts';
import type { StoredExample } from '../core/types.ts';
import type { RoundContext } from './dependencies.ts';

/**
 * What answers to examples are worth, a part for each metric of the task, in the order of the
 * examples. What has no answer gets nothing.
 * @param answers in canonical form, by the ordinal of their example
 */
export function gradesOf(
  { task }: RoundContext,
  examples: readonly StoredExample[],
  answers: ReadonlyMap<number, string | null>,
): Part[][] {
  return examples.map((example) => task.grade(answers.get(example.ordinal) ?? null, example));
}
