import { z } from 'zod';

/** A grid: one base, and cells that each differ from it in a thing or two, over seeds. */

/** What a cell is called; part of the names of its runs. */
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, 'use letters, digits, "_" and "-" (at most 40)');
const seed = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const seeds = z
  .array(seed)
  .min(1)
  .refine((given) => new Set(given).size === given.length, 'give each seed once')
  .default([0]);
const count = z.number().int().positive();
/** A part of a run spec, as it is written. */
const part = z.record(z.string(), z.unknown());

/** What can be left out of the method (Table 3 of the paper). */
export const ABLATIONS = ['iwp', 'icp', 'cl', 'as'] as const;
/** What else there is to compare with; vanilla and SFT are in every run. */
export const BASELINES = ['self-training', 'rag-bm25', 'rag-vector'] as const;

const named = (what: string, field: string) =>
  z
    .array(z.union([z.string().min(1), part]))
    .default([])
    .describe(`A cell for each ${what}: its name, or an object with \`${field}\` and more fields.`);

export const gridSpec = z
  .strictObject({
    name: name.describe(
      'Name of the grid: its workflow id, and what the names of its runs begin with.',
    ),
    base: z
      .union([z.string().min(1), part])
      .optional()
      .describe(
        'The run spec that all cells start from, or the path of its file, seen from that of the grid; `name` and `seed` are set for each run. With `demo` what is to be other than in the demo.',
      ),
    demo: z
      .strictObject({
        labelled: count.default(40),
        unlabelled: count.default(300),
        test: count.default(300),
      })
      .optional()
      .describe('The built-in task in place of data files: how many examples a data seed draws.'),
    seeds: z
      .strictObject({
        data: seeds.describe('Each draws other examples: of files as many as data.limits says.'),
        training: seeds.describe('Each trains, and draws answers, otherwise on the same examples.'),
      })
      .prefault({}),
    cells: z
      .array(
        z.strictObject({
          name,
          spec: part.describe(
            'What is other than in the base; lists as a whole, null as left out.',
          ),
        }),
      )
      .default([])
      .describe('Cells of your own, beside `semievol`, which is the base as it is.'),
    ablations: z
      .array(z.enum(ABLATIONS))
      .default([])
      .describe(
        'Without in-weight propagation (the base model answers), in-context propagation (no worked examples), collaborative learning (one collaborator, and no co-training), adaptive selection (all labels are kept).',
      ),
    baselines: z
      .array(z.enum(BASELINES))
      .default([])
      .describe(
        'self-training: the warm-up labels alone, without worked examples or co-training. rag-…: the base model with labelled neighbours in its prompt. Vanilla and SFT are in every run.',
      ),
    ratios: z
      .array(z.number().positive())
      .default([])
      .describe('Unlabelled examples for each labelled one: 0.5, 1, 2, 3 in the paper.'),
    collaborators: z
      .array(z.number().int().min(1).max(16))
      .default([])
      .describe(
        "How many collaborators: the base's first ones, then such with further neighbours.",
      ),
    percentiles: z
      .array(z.number().min(0).max(100))
      .default([])
      .describe('θ of the rule `paper`, in per cent.'),
    shots: z
      .array(z.number().int().min(0).max(32))
      .default([])
      .describe('Worked examples of each collaborator that is shown any.'),
    rounds: z.array(z.number().int().min(1).max(100)).default([]),
    rules: named('selection rule', 'rule'),
    scores: z.array(z.string().min(1)).default([]).describe('What the rule ranks by.'),
    balances: z.array(z.unknown()).default([]).describe('Values of selection.balance.'),
    resolutions: z.array(z.string().min(1)).default([]).describe('How disagreement is resolved.'),
    until: z
      .enum(['select', 'report'])
      .default('report')
      .describe('How far runs go. select: labels are compared, and no model is trained on them.'),
    bounds: z
      .array(z.enum(['oracle', 'ceiling']))
      .default([])
      .describe(
        'What labels could give at best: all right ones and no wrong one, or gold answers for all. They look at the gold answers of the unlabelled examples.',
      ),
    window: z
      .number()
      .int()
      .min(1)
      .max(32)
      .default(1)
      .describe(
        'Pairs of a data seed and a training seed at the same time; the cells of a pair, which share much, go one after another.',
      ),
  })
  .superRefine(({ cells }, context) => {
    for (const [index, cell] of cells.entries())
      if (cell.name === BASE_CELL || cells.findIndex((one) => one.name === cell.name) !== index)
        context.addIssue({
          code: 'custom',
          path: ['cells', index, 'name'],
          message: `"${cell.name}" is the name of another cell: give each its own`,
        });
  });

/** The cell that is the base as it is. */
export const BASE_CELL = 'semievol';

/** A grid as it is written. */
export type GridInput = z.input<typeof gridSpec>;

/** A grid as it was read, every default filled in. */
export type GridSpec = z.output<typeof gridSpec>;
