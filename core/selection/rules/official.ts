import { z } from 'zod';
import { describeCutoff, isWithin, nearestRank, percentileField } from '../percentile.ts';
import { defineSelectionRule } from '../rule.ts';

/** Selection as the authors' code does it: all agreed ones, whatever their score, and a share of the rest. */
export const official = defineSelectionRule({
  spec: z.strictObject({
    rule: z
      .literal('official')
      .describe("The authors' code: all agreed, and disagreed below the percentile."),
    percentile: percentileField(30, 'Share of the disagreed that is kept, in per cent.'),
  }),
  create: ({ percentile }) => ({
    isRanked: ({ agreed }) => !agreed,
    threshold: (ranked) => nearestRank(ranked, percentile),
    keeps: (row, threshold) => row.agreed || isWithin(row, threshold),
    describe: (threshold, measure) =>
      `official ${percentile} (all agreed; of the others ${describeCutoff(threshold, measure)})`,
    remedy: 'raise selection.percentile',
  }),
});
