import { z } from 'zod';

const share = z.number().min(0).max(1);

/** What it takes to become the champion. */
export const gateSpec = z
  .strictObject({
    minimumGain: share
      .default(0)
      .describe(
        'By how much the first metric (0 to 1) has to be above that of the champion, besides what the paired test says.',
      ),
    overSft: z
      .enum(['better', 'surely'])
      .default('better')
      .describe(
        'What makes SemiEvol the challenger, and not the better SFT model: that it is better on the examples they are graded on, or that the paired test says so, too.',
      ),
    veto: z
      .strictObject({
        maximumLoss: share.describe(
          'What a class or category may lose, at the most, by the first metric (0 to 1) against the champion.',
        ),
        leastRows: z
          .number()
          .int()
          .positive()
          .default(10)
          .describe(
            'Classes and categories of fewer examples that are graded are told, and veto nothing.',
          ),
      })
      .optional()
      .describe(
        'No class, and no category (data.columns.category), may lose much, however much is gained elsewhere; any may when left out.',
      ),
    folds: z
      .number()
      .int()
      .min(2)
      .max(5)
      .default(3)
      .describe(
        'Where there is no test split (data.test): into so many folds the labelled examples are parted, and each model of a round is made once more without each of them, for a cross-fitted estimate. Each fold costs a fine-tune of every model of a round.',
      ),
    approval: z
      .enum(['automatic', 'person'])
      .default('automatic')
      .describe(
        'Who has the last word where the tests are in favour: nobody, or a person, by "semievol decide RUN", for which the run waits.',
      ),
    waitHours: z
      .number()
      .positive()
      .optional()
      .describe('How long the run waits for a person; until there is one when left out.'),
    afterWait: z
      .enum(['keep', 'promote'])
      .default('keep')
      .describe('What becomes of the challenger when nobody has decided by then.'),
  })
  .superRefine(({ approval, waitHours }, context) => {
    if (approval === 'automatic' && waitHours !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['waitHours'],
        message: 'nobody is waited for: set approval to person, or leave it out',
      });
  })
  .describe(
    'What a model of a round has to show to become the champion. When left out, the SemiEvol model does where it is better than the champion by the paired test, whatever SFT comes to.',
  );

/** What it takes to become the champion, as a spec says it. */
export type GateSpec = z.output<typeof gateSpec>;
