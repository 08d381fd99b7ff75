import { type Answer, isGivenUp, paidBefore } from '../core/answer.ts';
import { endpointOf } from '../core/modelNames.ts';
import { samplingOf } from '../core/sampling.ts';
import type { Part } from '../core/tasks/task.ts';
import {
  MODEL_ROLES,
  type ModelRole,
  type OrdinalRange,
  type StoredExample,
} from '../core/types.ts';
import type { Batch, Question } from './batch.ts';
import type { RoundContext } from './dependencies.ts';
import { byOrdinal } from './grading.ts';

/** What the judge of a run is asked, once: the registry makes sure that there is one where it is. */
export function toJudge(
  { spec }: RoundContext,
  asked: Required<Pick<Question, 'example' | 'messages' | 'read'>>,
  slot = 'judge',
): Question {
  const judge = spec.judge!;
  return {
    ...asked,
    endpoint: endpointOf(spec, judge),
    model: judge.model,
    sampling: samplingOf(judge, spec.maxTokens),
    isReasoned: false,
    slots: [{ collaborator: slot, sample: 0 }],
  };
}

/** Asks the judge about an answer to an example; the verdict is stored as `parsed`, a number as text. */
export function toGrade(
  context: RoundContext,
  example: StoredExample,
  answer: string,
  slot?: string,
): Question {
  const judge = context.task.judge!;
  const read = (text: string) => judge.read(text)?.toString() ?? null;
  return toJudge(context, { example, messages: judge.prompt(example, answer), read }, slot);
}

/** What a model of a round has answered to a range of test examples. */
interface Graded {
  round: number;
  role: ModelRole;
  range: OrdinalRange;
}

/**
 * Has the judge grade a model's answers to the test examples of the batch, but for those whose grade
 * it cannot change. The same answer gets the same verdict, whichever model gives it: what the judge
 * has said in this round, or in the one before, stands.
 */
export async function askVerdicts(batch: Batch, graded: Graded): Promise<void> {
  const { context } = batch;
  const { round, role } = graded;
  const answers = await parsedOf(context, graded);
  const isWhole = ({ got, of }: Part) => got === of;
  const wanted = batch.examples.filter((example) => {
    const answer = answers.get(example.ordinal) ?? null;
    return answer !== null && !context.task.grade(answer, example).every(isWhole);
  });
  const judging = batch.in(`judge-${role}`, 'verdicts');
  const known = new Map((await judging.answers()).map((one) => [one.ordinal, one]));
  const before: Answer[] = [];
  for (const earlier of [round, round - 1])
    for (const other of MODEL_ROLES)
      for (const verdict of await verdictsOn(answers, context, {
        ...graded,
        round: earlier,
        role: other,
      }))
        if (!known.has(verdict.ordinal)) {
          known.set(verdict.ordinal, verdict);
          before.push(paidBefore(verdict, { round, stage: `judge-${role}` }));
        }
  await batch.store(before);
  await judging.ask(
    wanted.map((example) => toGrade(context, example, answers.get(example.ordinal)!)),
  );
}

/** A model's answers in canonical form, by ordinal. */
async function parsedOf({ tables }: RoundContext, { round, role, range }: Graded) {
  return byOrdinal(await tables.answers({ round, stage: `evaluate-${role}`, range }));
}

/** What the judge has said of a model's answers, of those that are the same as these. */
async function verdictsOn(
  answers: ReadonlyMap<number, string | null>,
  context: RoundContext,
  graded: Graded,
): Promise<Answer[]> {
  const { round, role, range } = graded;
  const verdicts = await context.tables.answers({ round, stage: `judge-${role}`, range });
  if (verdicts.length === 0) return [];
  const given = await parsedOf(context, graded);
  return verdicts.filter(
    ({ ordinal, finishReason }) =>
      !isGivenUp(finishReason) && given.get(ordinal) === answers.get(ordinal),
  );
}
