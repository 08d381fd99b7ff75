import { modelCollaborators } from './collaborators/ofSpec.ts';
import { endpointOf, isRole } from './modelNames.ts';
import { planOf } from './plan.ts';
import { mayJustify } from './resolution.ts';
import { type Sampling, samplingOf } from './sampling.ts';
import { embedsAny, retrievalNeeds } from './shots.ts';
import type { RunSpec } from './spec.ts';
import type { Task } from './tasks/task.ts';

/** Name of an endpoint, and of a model there. */
interface At {
  endpoint: string;
  name: string;
}

/** A chat model that has to be there before a run begins. */
export type NeededChatModel = At & {
  kind: 'chat';
  /** The ways in which it will be asked, each once, whatever the length of answers. */
  samplings: Sampling[];
};

/** A model that has to be there before a run begins. */
export type NeededModel = NeededChatModel | (At & { kind: 'embedding' });

/**
 * The models that a spec needs, each once; the embedding model only where vectors are needed. What
 * tuned models will be asked is told of their base.
 */
export function neededModels(spec: RunSpec, { agreement }: Pick<Task, 'agreement'>): NeededModel[] {
  const embeds = embedsAny(retrievalNeeds(spec)) || agreement?.by === 'embedding';
  return [
    ...neededChatModels(spec),
    ...(embeds ? [{ ...spec.embedding, kind: 'embedding' as const }] : []),
  ];
}

/** Those of them that chat. */
export function neededChatModels(spec: RunSpec): NeededChatModel[] {
  const asked = [
    { ...spec.evaluation, endpoint: spec.model.endpoint, model: 'base' },
    ...modelCollaborators(spec),
    ...(mayJustify(planOf(spec)) ? [spec.justification] : []),
    ...(spec.judge ? [spec.judge] : []),
  ].map(({ model, ...given }) => ({
    endpoint: endpointOf(spec, given),
    name: isRole(model) ? spec.model.name : model,
    sampling: samplingOf({ ...given, maxTokens: undefined }, spec.maxTokens),
  }));
  const byModel = Map.groupBy(asked, ({ endpoint, name }) => JSON.stringify([endpoint, name]));
  return [...byModel.values()].map((of) => ({
    ...{ endpoint: of[0]!.endpoint, name: of[0]!.name, kind: 'chat' },
    samplings: [
      ...new Map(of.map(({ sampling }) => [JSON.stringify(sampling), sampling])).values(),
    ],
  }));
}
