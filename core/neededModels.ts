import { retrievalNeeds } from './shots.ts';
import type { RunSpec } from './spec.ts';

/** A model that has to be there before a run begins. */
export interface NeededModel {
  /** Name of the endpoint. */
  endpoint: string;
  name: string;
  kind: 'chat' | 'embedding';
}

/** Names that stand for models which a round has or makes. */
const ROLES = new Set(['warm-up', 'base']);

/** The models that a spec needs, each once. That to embed with only where vectors are needed. */
export function neededModels(spec: RunSpec): NeededModel[] {
  const { endpoint } = spec.model;
  const given = [...spec.collaborators, spec.justification]
    .map(({ model }) => model)
    .filter((model) => !ROLES.has(model));
  const chat = [...new Set([spec.model.name, ...given])];
  return [
    ...chat.map((name) => ({ endpoint, name, kind: 'chat' as const })),
    ...(retrievalNeeds(spec).vectors ? [{ ...spec.embedding, kind: 'embedding' as const }] : []),
  ];
}
