import { z } from 'zod';
import { type Equality, partiesOf } from '../consensus.ts';
import { type Vote, votesOf, weightOf } from '../neighbourVotes.ts';
import { defineCollaborator, type Opinion } from './kind.ts';

/** The k nearest labelled examples vote, each with the weight of its similarity. */
export const neighbours = defineCollaborator({
  spec: z.strictObject({
    type: z
      .literal('neighbours')
      .describe('A vote of the labelled neighbours, weighted by similarity; costs no request.'),
  }),
  neighbours: 5,
  create: (_, task) => ({
    answer: (x, labelled) => vote(votesOf(x, labelled, task), task.equal),
  }),
});

/**
 * The answer of the most weight, with its share of it; of equal ones that of the nearest. Neighbours
 * that are nothing like the example say nothing.
 * @param votes nearest first
 */
export function vote(votes: readonly Vote[], equal: Equality): Opinion {
  const answers = partiesOf(votes, ({ answer }) => answer, equal).map(
    ({ answer, members }): Vote => ({ answer, weight: weightOf(members) }),
  );
  const total = weightOf(answers);
  if (total === 0) return { answer: null };
  const winner = answers.reduce((best, one) => (one.weight > best.weight ? one : best));
  return { answer: winner.answer, probability: winner.weight / total };
}
