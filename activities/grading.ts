import type { Answer } from '../core/answer.ts';
import type { Part } from '../core/tasks/task.ts';
import type { ModelRole, OrdinalRange, StoredExample } from '../core/types.ts';
import type { RoundContext } from './dependencies.ts';

/**
 * The grades of what a model has answered to the graded examples of a round, and of what a judge says of it:
 * a part for each metric of the task, in the order of the examples. What has no answer gets nothing.
 */
export async function gradesOfModel(
  { tables, task }: RoundContext,
  examples: readonly StoredExample[],
  { round, role, range }: { round: number; role: ModelRole; range: OrdinalRange },
): Promise<Part[][]> {
  const given = byOrdinal(await tables.answers({ round, stage: `evaluate-${role}`, range }));
  const judged = task.judge ? await tables.answers({ round, stage: `judge-${role}`, range }) : [];
  const verdicts = new Map(
    judged.map(({ ordinal, parsed }) => [ordinal, parsed === null ? null : Number(parsed)]),
  );
  return examples.map((example) => {
    const { ordinal } = example;
    return task.grade(given.get(ordinal) ?? null, example, verdicts.get(ordinal));
  });
}

/** What was answered in canonical form, by the ordinal of the example. */
export const byOrdinal = (answers: readonly Answer[]): Map<number, string | null> =>
  new Map(answers.map(({ ordinal, parsed }) => [ordinal, parsed]));
