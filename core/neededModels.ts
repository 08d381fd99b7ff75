import { type Sampling, samplingOf } from './sampling.ts';
import { retrievalNeeds } from './shots.ts';
import type { RunSpec } from './spec.ts';

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

/** Names that stand for models which a round has or makes. */
const ROLES = new Set(['warm-up', 'base']);

/**
 * The models that a spec needs, each once. That to embed with only where vectors are needed. What
 * tuned models will be asked is told of their base.
 */
export function neededModels(spec: RunSpec): NeededModel[] {
  const { endpoint } = spec.model;
  const asked = [
    { model: 'base', ...spec.evaluation },
    ...spec.collaborators,
    spec.justification,
  ].map(({ model, ...given }) => ({
    name: ROLES.has(model) ? spec.model.name : model,
    sampling: samplingOf({ ...given, maxTokens: undefined }, spec.maxTokens),
  }));
  const chat = [...Map.groupBy(asked, ({ name }) => name)];
  return [
    ...chat.map(([name, of]) => ({
      ...{ endpoint, name, kind: 'chat' as const },
      samplings: [
        ...new Map(of.map(({ sampling }) => [JSON.stringify(sampling), sampling])).values(),
      ],
    })),
    ...(retrievalNeeds(spec).vectors ? [{ ...spec.embedding, kind: 'embedding' as const }] : []),
  ];
}
