import { defineScore } from '../score.ts';

/** The mean entropy of the answers behind a pseudo-label (§3.3 of the paper), in nats. */
export const entropy = defineScore({
  name: 'entropy',
  description: 'the mean entropy of the answers behind the label, as in the paper',
  measure: 'entropy',
  of: (row) => row.entropy,
  needsEvidence: true,
});
