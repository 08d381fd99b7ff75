import type { LabelledNeighbour } from './collaborators/kind.ts';
import type { Task } from './tasks/task.ts';
import type { Example } from './types.ts';

/** What a labelled neighbour says of an example, and how much that counts. */
export interface Vote {
  answer: string;
  /** Its similarity, 0 or more. */
  weight: number;
}

/** The votes of an example's labelled neighbours, nearest first; of those whose label says something of it. */
export function votesOf(
  x: Omit<Example, 'answer'>,
  neighbours: readonly LabelledNeighbour[],
  { asAnswerTo }: Pick<Task, 'asAnswerTo'>,
): Vote[] {
  return neighbours.flatMap(({ example, similarity: weight }) => {
    const answer = asAnswerTo ? asAnswerTo(x, example) : example.answer;
    return answer === null ? [] : [{ answer, weight }];
  });
}

export const weightOf = (votes: readonly Vote[]): number =>
  votes.reduce((sum, { weight }) => sum + weight, 0);

/** The share of the weight that is for an answer, 0 to 1; null where there is none at all. */
export function shareFor(
  answer: string,
  votes: readonly Vote[],
  equal: (a: string, b: string) => boolean,
): number | null {
  const total = weightOf(votes);
  return total > 0 ? weightOf(votes.filter((vote) => equal(vote.answer, answer))) / total : null;
}
