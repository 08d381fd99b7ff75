import type { Answer, AnswerStage } from '../core/answer.ts';
import { mostTokens } from '../core/mostTokens.ts';
import { samplingOf } from '../core/sampling.ts';
import { type Score, scoreOf } from '../core/score.ts';
import { teachesReasoning } from '../core/spec.ts';
import type { Spent } from '../core/spent.ts';
import type { Part } from '../core/tasks/task.ts';
import { MODEL_ROLES, type ModelRole } from '../core/types.ts';
import { askAbout, type RangeRef } from './asking.ts';
import type { Batch } from './batch.ts';
import type { Dependencies } from './dependencies.ts';
import { gradesOfModel } from './grading.ts';
import { toGrade } from './judging.ts';

export interface EvaluateInput extends RangeRef {
  role: ModelRole;
  model: string;
}

export function createEvaluate(dependencies: Dependencies) {
  return {
    /**
     * Asks a model a range of the test split, without shots, in the form that is taught, and grades it. What the round before
     * has asked its champion, this one's base, is not asked again.
     */
    async evaluate(input: EvaluateInput): Promise<Score & { spent: Spent }> {
      const { role, model } = input;
      const subject = { stage: `evaluate-${role}`, split: 'test', unit: 'examples' } as const;
      return askAbout(dependencies, input, subject, async (batch) => {
        const { spec, task } = batch.context;
        const { endpoint } = spec.model;
        const isReasoned = teachesReasoning(spec.answer);
        const sampling = samplingOf(spec.evaluation, mostTokens(spec, task, isReasoned));
        const schema = isReasoned ? undefined : task.schema;
        const slots = [{ collaborator: role, sample: 0 }];
        await takeOver(batch, input);
        await batch.ask(
          batch.examples.map((example) => {
            const messages = task.prompt(example, [], { isReasoned });
            return { example, endpoint, model, messages, sampling, isReasoned, schema, slots };
          }),
        );
        if (task.judge) await judge(batch, input);
        const grades = await gradesOfModel(batch.context, batch.examples, input);
        return { ...scoreOf(task.metrics, grades), spent: batch.spent };
      });
    },
  };
}

/** Has the judge grade the model's answers, but for those whose grade it cannot change. */
async function judge(batch: Batch, { role }: EvaluateInput): Promise<void> {
  const { context } = batch;
  const answers = new Map((await batch.answers()).map(({ ordinal, parsed }) => [ordinal, parsed]));
  const isWhole = ({ got, of }: Part) => got === of;
  const questions = batch.examples.flatMap((example) => {
    const answer = answers.get(example.ordinal) ?? null;
    return answer === null || context.task.grade(answer, example).every(isWhole)
      ? []
      : [toGrade(context, example, answer)];
  });
  await batch.in(`judge-${role}`).ask(questions);
}

/**
 * Stores the answers that the round before has of this round's base model, and this one has not, and
 * what the judge has said of them: they were paid for there.
 */
async function takeOver(batch: Batch, { round, role, model, range }: EvaluateInput): Promise<void> {
  if (role !== 'vanilla' || round === 1) return;
  const { tables } = batch.context;
  const has = new Set((await batch.answers()).map(({ ordinal }) => ordinal));
  const before = (stage: AnswerStage) => tables.answers({ round: round - 1, stage, range });
  for (const other of MODEL_ROLES) {
    const answers = await before(`evaluate-${other}`);
    if (answers[0]?.model !== model) continue;
    const taken = answers.filter((one) => one.model === model && !has.has(one.ordinal));
    const ordinals = new Set(taken.map(({ ordinal }) => ordinal));
    const verdicts = await before(`judge-${other}`);
    await batch.store([
      ...taken.map((one) => paidBefore({ ...one, stage: 'evaluate-vanilla', collaborator: role })),
      ...verdicts
        .filter(({ ordinal }) => ordinals.has(ordinal))
        .map((one) => paidBefore({ ...one, stage: 'judge-vanilla' })),
    ]);
    return;
  }

  function paidBefore(answer: Answer): Answer {
    return { ...answer, round, promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  }
}
