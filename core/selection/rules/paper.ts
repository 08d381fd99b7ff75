import { z } from 'zod';
import { describeCutoff, isWithin, nearestRank, percentileField } from '../percentile.ts';
import { defineSelectionRule } from '../rule.ts';

/** Adaptive selection as the paper has it (§3.3): the surest share of all that have a score. */
export const paper = defineSelectionRule({
  spec: z.strictObject({
    rule: z
      .literal('paper')
      .describe('Keep every pseudo-label whose score is at or below the percentile.'),
    percentile: percentileField(50, 'θ of the paper: the share kept, in per cent.'),
  }),
  create: ({ percentile }) => ({
    isRanked: () => true,
    threshold: (ranked) => nearestRank(ranked, percentile),
    keeps: isWithin,
    describe: (threshold, measure) => `paper ${percentile} (${describeCutoff(threshold, measure)})`,
    remedy: 'raise selection.percentile',
  }),
});
