import { modelCollaborators } from './collaborators/ofSpec.ts';
import { endpointOf } from './modelNames.ts';
import { type Sampling, samplingOf } from './sampling.ts';
import type { ModelCollaborator, RunSpec } from './spec.ts';

/** A request that one or more collaborators share, each with an answer or more of its own. */
export interface RequestGroup
  extends Pick<
    ModelCollaborator,
    'model' | 'system' | 'shots' | 'skip' | 'order' | 'goOnAfterMinutes'
  > {
  endpoint: string;
  sampling: Sampling;
  /** Whose is each of the request's answers: the i-th choice belongs to the i-th place. */
  places: { collaborator: string; sample: number }[];
}

/** What of a spec says which requests there are. */
export type GroupedSpec = Pick<RunSpec, 'collaborators' | 'maxTokens' | 'model'>;

/**
 * Groups the models among the collaborators that differ only in name and number of samples, so that
 * each group is one request with `n` = its number of places. Groups and the collaborators in them keep
 * the order of the spec; each collaborator takes its `samples` answers in turn.
 */
export function requestGroups(spec: GroupedSpec): RequestGroup[] {
  const groups = new Map<string, RequestGroup>();
  for (const collaborator of modelCollaborators(spec)) {
    const request = requestOf(collaborator, spec);
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
  { endpoint, model, system, shots, skip, order, goOnAfterMinutes, ...sampling }: ModelCollaborator,
  spec: GroupedSpec,
): Omit<RequestGroup, 'places'> {
  return {
    endpoint: endpointOf(spec, { endpoint }),
    model,
    system,
    shots,
    skip: shots > 0 ? skip : 0,
    order: shots > 1 ? order : 'nearest-last',
    goOnAfterMinutes,
    sampling: samplingOf(sampling, spec.maxTokens),
  };
}
