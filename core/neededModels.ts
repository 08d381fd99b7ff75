import { endpointOf, isRole } from './modelNames.ts';
import { type Sampling, samplingOf } from './sampling.ts';
import { retrievalNeeds } from './shots.ts';
import { modelCollaborators, type RunSpec } from './spec.ts';

/** A model that has to be there before a run begins. */
export type NeededModel = {
  /** Name of the endpoint. */
  endpoint: string;
  name: string;
} & (
  | { kind: 'embedding' }
  | {
      kind: 'chat';
      /** The ways in which it will be asked, each once, whatever the length of answers. */
      samplings: Sampling[];
    }
);

/**
 * The models that a spec needs, each once. That to embed with only where vectors are needed. What
 * tuned models will be asked is told of their base.
 */
export function neededModels(spec: RunSpec): NeededModel[] {
  const asked = [
    { ...spec.evaluation, endpoint: spec.model.endpoint, model: 'base' },
    ...modelCollaborators(spec),
    ...(justifies(spec) ? [spec.justification] : []),
  ].map(({ model, ...given }) => ({
    endpoint: endpointOf(spec, given),
    name: isRole(model) ? spec.model.name : model,
    sampling: samplingOf({ ...given, maxTokens: undefined }, spec.maxTokens),
  }));
  const chat = Map.groupBy(asked, ({ endpoint, name }) => JSON.stringify([endpoint, name]));
  return [
    ...[...chat.values()].map((of) => ({
      ...{ endpoint: of[0]!.endpoint, name: of[0]!.name, kind: 'chat' as const },
      samplings: [
        ...new Map(of.map(({ sampling }) => [JSON.stringify(sampling), sampling])).values(),
      ],
    })),
    ...(retrievalNeeds(spec).vectors ? [{ ...spec.embedding, kind: 'embedding' as const }] : []),
  ];
}

/** Whether a run may have answers justified. */
const justifies = ({ resolution }: RunSpec) => resolution === 'justify' || resolution === 'auto';
