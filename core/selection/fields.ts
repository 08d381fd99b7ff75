import { z } from 'zod';

const count = z.number().int().positive();

/**
 * What a spec may say of any selection: by which labelled examples it is
 * calibrated, and how what the rule keeps is evened out, bounded and weighted.
 */
export const selectionFields = {
  perClass: z
    .boolean()
    .optional()
    .describe(
      'Whether the rule is applied to each label by itself, as in the surest 75 % of each: a class of which the models are seldom sure is then not left out. For tasks whose answer is one label of a fixed set, and rules that are not calibrated. By default to all labels together.',
    ),
  balance: z
    .union([z.enum(['none', 'cap', 'prior']), z.record(z.string(), z.number().min(0))])
    .default('none')
    .describe(
      'Which of what the rule keeps is selected, the surest of each class first. none: all. cap: of no class more than an even share. prior: in the shares of the labelled examples. {label: share}: in these shares. For tasks whose answer is one label of a fixed set.',
    ),
  atLeast: count
    .optional()
    .describe('Where fewer are selected, the rule is loosened: the next surest join them.'),
  atMost: count.optional().describe('No more than the surest so many are selected.'),
  exactly: count
    .optional()
    .describe('The surest so many are selected, whatever the rule keeps; fewer are an error.'),
  candidates: count
    .optional()
    .describe('Only the first so many unlabelled examples are asked about: it caps the spend.'),
  nearDuplicates: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe(
      'Cosine similarity from which on two questions are near duplicates, of which the surer alone is selected, as in 0.95. All are kept when left out.',
    ),
  confidentWeight: z
    .number()
    .int()
    .min(1)
    .max(20)
    .default(1)
    .describe(
      'How often the surest of the selected stand in the training file; the others once less in each of as many equal parts, the least sure once.',
    ),
  calibration: z
    .enum(['held-out', 'cross-fit'])
    .optional()
    .describe(
      'Which labelled examples show how far answers can be trusted, where rule or score need some. held-out: a share that neither the warm-up nor any prompt sees, answered as the unlabelled are; promises are kept exactly, and the warm-up learns from fewer. cross-fit: all of them, each answered by a warm-up that has learned from the other half (two more fine-tunes of each warm-up); promises are approximate. When left out, held-out for a rule that calibrates, else cross-fit. Both cost the answers to these examples.',
    ),
  share: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.3)
    .describe('Share of the labelled examples that is held out, 0 to 1.'),
};

/** Those fields once they are read. */
export type SelectionFields = z.output<z.ZodObject<typeof selectionFields>>;
