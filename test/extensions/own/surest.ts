import { z } from 'zod';
import { defineSelectionRule } from '../../../workers/index.ts';

/** The surest pseudo-labels by their number instead of their share. */
export const surest = defineSelectionRule({
  spec: z.strictObject({
    rule: z.literal('surest').describe('Keep a number of the surest pseudo-labels.'),
    number: z.number().int().min(1).default(1_000).describe('How many, and what ties with them.'),
  }),
  create: ({ number }) => ({
    isRanked: () => true,
    threshold: (ranked) => ({ cutoff: ranked[Math.min(number, ranked.length) - 1] ?? null }),
    keeps: ({ score }, { cutoff }) => score !== null && cutoff !== null && score <= cutoff,
    describe: ({ cutoff }, measure) => `surest ${number} (${measure} up to ${cutoff})`,
    remedy: 'raise selection.number',
  }),
});
