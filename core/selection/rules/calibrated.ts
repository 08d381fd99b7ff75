import { z } from 'zod';
import { level } from '../../report/format.ts';
import { expectedCutoff, rowsForExpected } from '../calibration/expected.ts';
import { guaranteedCutoff, rowsForGuaranteed } from '../calibration/guaranteed.ts';
import { type Cutoff, describeCutoff, isWithin } from '../percentile.ts';
import { defineSelectionRule } from '../rule.ts';

/** A cut-off, with what of the calibration rows it follows from. */
type Calibrated = Cutoff & {
  /** How many calibration rows there were, and how many of them were wrong. */
  rows: number;
  wrong: number;
  /** The share of wrong labels among the kept, on average or at most; null where nothing is kept. */
  error: number | null;
};

/**
 * As many of the surest as can be kept with a stated share of wrong labels among them, by labelled
 * examples that were answered in the same way.
 */
export const calibrated = defineSelectionRule({
  spec: z.strictObject({
    rule: z
      .literal('calibrated')
      .describe('Keep as many of the surest as an error that is stated allows.'),
    mode: z
      .enum(['expected', 'guaranteed'])
      .default('expected')
      .describe(
        'expected: so many of the kept labels are wrong on average over draws of the labelled examples. guaranteed: of these kept labels no more are wrong, with confidence 1 - delta.',
      ),
    error: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.05)
      .describe('Share of wrong labels among the kept, 0 to 1.'),
    delta: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.1)
      .describe('How probable it may be that more are wrong (guaranteed only), 0 to 1.'),
  }),
  create: ({ mode, error, delta }) => ({
    calibrationRows: mode === 'expected' ? rowsForExpected(error) : rowsForGuaranteed(error, delta),
    isRanked: () => true,
    threshold(ranked, calibration): Calibrated {
      const rows = calibration.length;
      const wrong = calibration.filter(({ right }) => !right).length;
      if (mode === 'expected') {
        const { cutoff, error: stated } = expectedCutoff(calibration, ranked, error);
        return { cutoff, rows, wrong, error: stated };
      }
      const { cutoff, bound } = guaranteedCutoff(calibration, ranked, error, delta);
      return { cutoff, rows, wrong, error: bound };
    },
    keeps: isWithin,
    describe: (threshold, measure) =>
      `calibrated, ${mode} error up to ${level(error)}${mode === 'guaranteed' ? ` with confidence ${level(1 - delta)}` : ''} (${describeCutoff(threshold, measure)}; of ${threshold.rows} labelled examples that calibrate ${threshold.wrong} are wrong)`,
    promise({ error: stated }) {
      if (stated === null) return undefined;
      const promised = { wanted: error, stated };
      return mode === 'expected' ? { ...promised, mode } : { ...promised, mode, delta };
    },
    remedy:
      'label more examples, raise selection.error, take a score that tells right from wrong better (selection.score), or stronger collaborators',
  }),
});
