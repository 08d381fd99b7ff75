import { defineScore } from '../../../workers/index.ts';

/** How many answers say otherwise; of two, the one with the smaller entropy is surer. */
export const dissent = defineScore({
  name: 'dissent',
  description: 'how many answers say otherwise, and a little of the entropy',
  measure: 'dissent',
  of: ({ votes, collaborators, entropy }) => collaborators - votes + Math.min(entropy ?? 1, 1) / 2,
});
