import { type Sampling, samplingOf } from './sampling.ts';
import type { CollaboratorSpec, RunSpec } from './spec.ts';

/** A request that one or more collaborators share, each with an answer or more of its own. */
export interface RequestGroup extends Pick<CollaboratorSpec, 'model' | 'shots' | 'skip' | 'order'> {
  sampling: Sampling;
  /** Whose is each of the request's answers: the i-th choice belongs to the i-th place. */
  places: { collaborator: string; sample: number }[];
}

/**
 * Groups the collaborators that differ only in name and number of samples, so that each group is
 * one request with `n` = its number of places. Groups and the collaborators in them keep the order
 * of the spec; each collaborator takes its `samples` answers in turn.
 */
export function requestGroups({
  collaborators,
  maxTokens,
}: Pick<RunSpec, 'collaborators' | 'maxTokens'>): RequestGroup[] {
  const groups = new Map<string, RequestGroup>();
  for (const collaborator of collaborators) {
    const request = requestOf(collaborator, maxTokens);
    const key = JSON.stringify(request);
    const group = groups.get(key) ?? { ...request, places: [] };
    groups.set(key, group);
    for (let sample = 0; sample < collaborator.samples; sample++)
      group.places.push({ collaborator: collaborator.name, sample });
  }
  return [...groups.values()];
}

/** What makes the request: without shots nothing is skipped, and fewer than two have no order. */
function requestOf(
  { model, shots, skip, order, ...sampling }: CollaboratorSpec,
  maxTokens: number,
): Omit<RequestGroup, 'places'> {
  return {
    model,
    shots,
    skip: shots > 0 ? skip : 0,
    order: shots > 1 ? order : 'nearest-last',
    sampling: samplingOf(sampling, maxTokens),
  };
}
