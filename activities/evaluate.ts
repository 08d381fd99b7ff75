import { paidBefore } from '../core/answer.ts';
import type { Failing } from '../core/failing.ts';
import { modelFor } from '../core/folds.ts';
import type { FoldModels } from '../core/gate/foldModels.ts';
import type { GradedSplit } from '../core/gate/gradedOn.ts';
import { mostTokens } from '../core/mostTokens.ts';
import { samplingOf } from '../core/sampling.ts';
import { type Score, scoreOf } from '../core/score.ts';
import { teachesReasoning } from '../core/spec.ts';
import type { Spent } from '../core/spent.ts';
import type { ModelRole } from '../core/types.ts';
import { askAbout, type RangeRef, type Subject } from './asking.ts';
import type { Batch } from './batch.ts';
import type { Dependencies } from './dependencies.ts';
import { gradesOfModel } from './grading.ts';
import { askVerdicts } from './judging.ts';
import { ragShots } from './ragShots.ts';

export interface EvaluateInput extends RangeRef {
  role: ModelRole;
  /** Those that stand for it, where it has seen the examples itself. */
  model: string | FoldModels;
  split: GradedSplit;
}

export function createEvaluate(dependencies: Dependencies) {
  return {
    /**
     * Asks a model a range of the split that grades, without shots (but the base model where a study wants
     * some), in the form that is taught, and grades it. What an earlier round has asked the very model is
     * not asked again.
     */
    async evaluate(input: EvaluateInput): Promise<Score & { spent: Spent; failing: Failing }> {
      return askAbout(dependencies, input, answersOf(input), async (batch) => {
        await askModel(batch, input);
        const grades = await gradesOfModel(batch.context, batch.examples, input);
        const { spent, failing } = batch;
        return { ...scoreOf(batch.context.task.metrics, grades), spent, failing };
      });
    },
  };
}

/** Who is asked for a model: of several each about the fold that it has not seen. */
const askedFor = (model: string | FoldModels): string | string[] =>
  typeof model === 'string' ? model : model.folds;

/** What the answers of a model that is graded are about. */
export const answersOf = ({ role, split }: Pick<EvaluateInput, 'role' | 'split'>): Subject => ({
  ...{ stage: `evaluate-${role}`, split, unit: 'examples' },
});

/** Asks a model what has no answer yet, and the judge, where there is one, about its answers. */
export async function askModel(batch: Batch, input: EvaluateInput): Promise<void> {
  const { role } = input;
  const asked = askedFor(input.model);
  const { spec, task } = batch.context;
  const { endpoint } = spec.model;
  const isReasoned = teachesReasoning(spec.answer);
  const sampling = samplingOf(spec.evaluation, mostTokens(spec, task, isReasoned));
  const schema = isReasoned ? undefined : task.schema;
  const slots = [{ collaborator: role, sample: 0 }];
  const { rag } = spec.evaluation;
  const isShown = role === 'vanilla' && rag !== undefined;
  if (!isShown) await takeOver(batch, input);
  const shotsOf = isShown ? await ragShots(batch, input, rag) : () => [];
  await batch.ask(
    batch.examples.map((example) => {
      const model = modelFor(asked, example);
      const messages = task.prompt(example, shotsOf(example), { isReasoned });
      return { example, endpoint, model, messages, sampling, isReasoned, schema, slots };
    }),
  );
  if (task.judge) await askVerdicts(batch, input);
}

/**
 * Stores the answers that the last round which has graded a model has of it, and this one has not: they
 * were paid for there. So it is with the base, the champion and often SFT in the round before, and further
 * back where a person has gone back to an earlier champion.
 */
async function takeOver(batch: Batch, { round, role, model, range }: EvaluateInput): Promise<void> {
  const { tables } = batch.context;
  const graded = (
    await tables.evaluationsOf(typeof model === 'string' ? model : model.model)
  ).filter((one) => one.round < round);
  const [last] = graded.sort((a, b) => b.round - a.round);
  if (!last) return;
  const has = new Set((await batch.answers()).map(({ ordinal }) => ordinal));
  const stage = `evaluate-${last.role}` as const;
  const taken = (await tables.answers({ round: last.round, stage, range }))
    .filter(
      ({ exampleId, model: asked, ordinal }) =>
        modelFor(askedFor(model), { id: exampleId }) === asked && !has.has(ordinal),
    )
    .map((answer) => paidBefore(answer, { round, stage: `evaluate-${role}`, collaborator: role }));
  await batch.store(taken);
}
