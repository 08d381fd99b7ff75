import { defineScore } from '../score.ts';

/** The share of the labelled neighbours, weighted by similarity, that have another label. */
export const neighbours = defineScore({
  name: 'neighbours',
  description: 'the share of the labelled neighbours, weighted by similarity, that say otherwise',
  measure: 'dissent of the neighbours',
  of: (row) => (row.neighbours === null ? null : 1 - row.neighbours),
});
