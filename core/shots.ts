import { freeCollaborators, modelCollaborators } from './collaborators/ofSpec.ts';
import type { ModelCollaborator, RunSpec } from './spec.ts';
import type { Example, Shot } from './types.ts';

/**
 * The worked examples a collaborator sees, in the order of its prompt, from an example's
 * neighbours, nearest first. With `nearest-last` the nearest stands next to the question.
 */
export function shotsFor(
  { shots, skip, order }: Pick<ModelCollaborator, 'shots' | 'skip' | 'order'>,
  neighbours: readonly Shot[],
): Shot[] {
  const taken = neighbours.slice(skip, skip + shots);
  return order === 'nearest-last' ? taken.reverse() : taken;
}

/** The most neighbours any collaborator needs, or the base model when it is graded: retrieve this many. */
export function neighboursNeeded(spec: Pick<RunSpec, 'collaborators' | 'evaluation'>): number {
  return Math.max(
    spec.evaluation.rag?.shots ?? 0,
    ...modelCollaborators(spec).map(({ shots, skip }) => (shots > 0 ? skip + shots : 0)),
    ...freeCollaborators(spec).map(({ neighbours = 0 }) => neighbours),
  );
}

/** What has to be made of examples besides answers: neighbours, and vectors to find these, and others, by. */
export interface RetrievalNeeds {
  neighbours: boolean;
  /** Of labelled and unlabelled examples. */
  vectors: boolean;
  /** Whether test examples need vectors, too. */
  ofTest: boolean;
  /** Whether unlabelled ones need vectors in any case, by which near duplicates are found. */
  nearDuplicates: boolean;
}

export function retrievalNeeds(
  spec: Pick<RunSpec, 'coTraining' | 'collaborators' | 'evaluation' | 'retrieval' | 'selection'>,
): RetrievalNeeds {
  const neighbours = neighboursNeeded(spec) > 0;
  const ofTest = (spec.evaluation.rag?.mode ?? 'bm25') !== 'bm25';
  return {
    neighbours,
    vectors: ofTest || spec.coTraining || (neighbours && spec.retrieval.mode !== 'bm25'),
    ofTest,
    nearDuplicates: spec.selection.nearDuplicates !== undefined,
  };
}

/** Whether anything is embedded to find others by. */
export const embedsAny = ({ vectors, nearDuplicates }: RetrievalNeeds): boolean =>
  vectors || nearDuplicates;

/**
 * The text by which an example's neighbours are found: the question, and what the user asked before it,
 * the latest first, since "And in 2018?" alone is like all others that ask so.
 */
export function searchText({
  question,
  before = [],
}: Pick<Example, 'question' | 'before'>): string {
  const asked = before.filter(({ role }) => role === 'user').map(({ content }) => content);
  return [question, ...asked.reverse()].join('\n');
}
