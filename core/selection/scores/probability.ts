import { defineScore } from '../score.ts';

/**
 * How improbable the label is: 1 minus the summed probability of the answers behind it, divided by
 * the number of all. Measured on the demo (seed 0) this told right from wrong better than the
 * entropy of the paper (§3.3): AUROC 0.86 against 0.80.
 */
export const probability = defineScore({
  name: 'probability',
  description: 'how improbable the label is: 1 minus the mean probability that the answers give it',
  measure: 'improbability',
  of: (row) => (row.probability === null ? null : 1 - row.probability),
  needsEvidence: true,
});
