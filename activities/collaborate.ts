import type { Failing } from '../core/failing.ts';
import { modelFor } from '../core/folds.ts';
import { isRole, type WarmUp } from '../core/modelNames.ts';
import { mostTokens } from '../core/mostTokens.ts';
import { optionsOf } from '../core/optionShares.ts';
import { PASSES } from '../core/passes.ts';
import { requestGroups } from '../core/requestGroups.ts';
import { shotsFor } from '../core/shots.ts';
import type { Spent } from '../core/spent.ts';
import type { StoredExample } from '../core/types.ts';
import { askAbout, type PassRef, type Subject } from './asking.ts';
import { answersTo, type Batch } from './batch.ts';
import type { Dependencies } from './dependencies.ts';
import { labelledNeighbours } from './labelledNeighbours.ts';

/** The models a spec may call by their part in the round. */
export interface RoundModels extends Partial<Record<WarmUp, string | string[]>> {
  base: string;
  /** As the others in cross-fitting one for each fold, which has not seen the examples of it. */
  'warm-up': string | string[];
}

export interface PropagateInput extends PassRef {
  models: RoundModels;
}

export interface CollaborateInput extends PropagateInput {
  /** Name of the endpoint. */
  endpoint: string;
}

/** The model that a spec's word stands for, where an example is asked about. */
export function modelNamed(name: string, models: RoundModels, example: StoredExample): string {
  return modelFor(isRole(name) ? models[name]! : name, example);
}

/** What the answers of the collaborators are about. */
export const answersIn = (ref: PassRef): Subject => {
  const { answers: stage, split } = PASSES[ref.pass];
  return { stage, split, pass: ref.pass, unit: 'answers' };
};

/** What the collaborators have come to about a range. */
export interface Collaborated {
  answers: number;
  spent: Spent;
  failing: Failing;
}

export function createCollaborate(dependencies: Dependencies) {
  return {
    /**
     * Lets every model among the collaborators that is at an endpoint answer a range of
     * examples (collaborative learning, §3.2). Those that send the same request share it.
     */
    async collaborate(input: CollaborateInput): Promise<Collaborated> {
      return askAbout(dependencies, input, answersIn(input), async (batch) => ({
        answers: await askCollaborators(batch, input),
        spent: batch.spent,
        failing: batch.failing,
      }));
    },
  };
}

/** Asks the collaborators at an endpoint what has no answer yet. @returns how many answers there are */
export async function askCollaborators(batch: Batch, input: CollaborateInput): Promise<number> {
  const { context, examples } = batch;
  const { spec, task } = context;
  const isReasoned = spec.answer.form === 'reasoned';
  const isShared = spec.answer.probability === 'shares';
  const schema = isReasoned ? undefined : task.schema;
  const neighboursOf = await labelledNeighbours(context, input);
  const shotsOf = (ordinal: number) => neighboursOf(ordinal).map(({ example }) => example);
  const groups = requestGroups({ ...spec, maxTokens: mostTokens(spec, task, isReasoned) });
  const here = groups.filter(({ endpoint }) => endpoint === input.endpoint);
  const questions = here.flatMap((group) =>
    examples.map((example) => {
      const shots = shotsFor(group, shotsOf(example.ordinal));
      const manner = { system: group.system, isReasoned };
      return {
        example,
        endpoint: group.endpoint,
        model: modelNamed(group.model, input.models, example),
        messages: task.prompt(example, shots, manner),
        sampling: group.sampling,
        isReasoned,
        options: isShared ? optionsOf(task, example) : undefined,
        schema,
        slots: group.places,
        goOnAfterMinutes: group.goOnAfterMinutes,
      };
    }),
  );
  await batch.ask(questions);
  return answersTo(questions);
}
