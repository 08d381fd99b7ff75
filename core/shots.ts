import type { CollaboratorSpec, RunSpec } from './spec.ts';
import type { Shot } from './types.ts';

/**
 * The worked examples a collaborator sees, in the order of its prompt, from an example's
 * neighbours, nearest first. With `nearest-last` the nearest stands next to the question.
 */
export function shotsFor(
  { shots, skip, order }: Pick<CollaboratorSpec, 'shots' | 'skip' | 'order'>,
  neighbours: readonly Shot[],
): Shot[] {
  const taken = neighbours.slice(skip, skip + shots);
  return order === 'nearest-last' ? taken.reverse() : taken;
}

/** The most neighbours any collaborator needs: retrieve this many. */
export function neighboursNeeded(collaborators: readonly CollaboratorSpec[]): number {
  return Math.max(0, ...collaborators.map((one) => (one.shots > 0 ? one.skip + one.shots : 0)));
}

/** What has to be made before the collaborators can be asked: neighbours, and vectors to find them. */
export interface RetrievalNeeds {
  neighbours: boolean;
  vectors: boolean;
}

export function retrievalNeeds(spec: Pick<RunSpec, 'collaborators' | 'retrieval'>): RetrievalNeeds {
  const neighbours = neighboursNeeded(spec.collaborators) > 0;
  return { neighbours, vectors: neighbours && spec.retrieval.mode !== 'bm25' };
}
