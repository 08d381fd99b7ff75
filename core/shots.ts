import type { CollaboratorSpec, RunSpec } from './spec.ts';
import type { Answer, Shot } from './types.ts';

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

/** Collaborators that send the same request but for the number of answers drawn. */
export interface RequestGroup {
  members: CollaboratorSpec[];
  /** Whose is each of the request's answers: the i-th choice belongs to the i-th place. */
  places: { collaborator: string; sample: number }[];
}

/**
 * Groups the collaborators that differ only in sampling (same model, shots, skip, order and
 * temperature), so that each group is one request with `n` = its number of places. Groups and
 * members keep the order of the spec; each member takes its `samples` answers in turn.
 */
export function requestGroups(collaborators: readonly CollaboratorSpec[]): RequestGroup[] {
  const groups = Map.groupBy(collaborators, requestOf);
  return [...groups.values()].map((members) => ({
    members,
    places: members.flatMap(({ name, samples }) =>
      Array.from({ length: samples }, (_, sample) => ({ collaborator: name, sample })),
    ),
  }));
}

/** What makes the request: without shots nothing is skipped, and fewer than two have no order. */
function requestOf({ model, shots, skip, order, temperature }: CollaboratorSpec): string {
  return JSON.stringify([model, temperature, shots, shots > 0 && skip, shots > 1 && order]);
}

/** The key under which an answer is stored, and by which a retry finds it. */
export function answerKey(
  answer: Pick<Answer, 'round' | 'stage' | 'exampleId' | 'collaborator' | 'sample'>,
): string {
  const { round, stage, exampleId, collaborator, sample } = answer;
  return [round, stage, exampleId, collaborator, sample].join('/');
}

/**
 * The sampling seed of a request, 0 to 2³¹ − 1: follows from the run's seed, the example and the
 * sample, so that a retry asks the same question.
 * @param exampleId hexadecimal, as example ids are; its first 64 bits count
 */
export function seedFor(seed: number, exampleId: string, sample: number): number {
  const words = [0, 8].map((at) => Number.parseInt(exampleId.slice(at, at + 8), 16));
  return [...words, sample].reduce((state, word) => mix(state ^ word), mix(seed)) >>> 1;
}

/** The finaliser of MurmurHash3 (public domain): every bit of a 32-bit word reaches every other. */
function mix(word: number): number {
  let h = word + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
