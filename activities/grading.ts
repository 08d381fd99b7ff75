import type { Part } from '../core/tasks/task.ts';
import type { ModelRole, OrdinalRange, StoredExample } from '../core/types.ts';
import type { RoundContext } from './dependencies.ts';

/** Answers in canonical form, by the ordinal of their example. */
type Given = ReadonlyMap<number, string | null>;
/** What the judge says of answers, by the ordinal of their example. */
type Verdicts = ReadonlyMap<number, number | null>;

/**
 * What answers to examples are worth, a part for each metric of the task, in the order of the
 * examples. What has no answer gets nothing.
 */
export function gradesOf(
  { task }: RoundContext,
  examples: readonly StoredExample[],
  answers: Given,
  verdicts: Verdicts = new Map(),
): Part[][] {
  return examples.map((example) => {
    const { ordinal } = example;
    return task.grade(answers.get(ordinal) ?? null, example, verdicts.get(ordinal));
  });
}

/** The grades of what a model has answered to test examples of a round, and of what a judge says of it. */
export async function gradesOfModel(
  context: RoundContext,
  examples: readonly StoredExample[],
  { round, role, range }: { round: number; role: ModelRole; range: OrdinalRange },
): Promise<Part[][]> {
  const { tables, task } = context;
  const answers = await tables.answers({ round, stage: `evaluate-${role}`, range });
  const judged = task.judge ? await tables.answers({ round, stage: `judge-${role}`, range }) : [];
  return gradesOf(
    context,
    examples,
    new Map(answers.map(({ ordinal, parsed }) => [ordinal, parsed])),
    new Map(
      judged.map(({ ordinal, parsed }) => [ordinal, parsed === null ? null : Number(parsed)]),
    ),
  );
}
