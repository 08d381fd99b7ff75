import { z } from 'zod';

const count = z.number().int().positive();

/** When the next round of a run begins that lives. */
export const nextSpec = z
  .strictObject({
    unlabelled: count
      .optional()
      .describe('As soon as so many unlabelled examples have come since the last round began.'),
    labelled: count.optional().describe('As soon as so many labelled examples have come.'),
    afterHours: z
      .number()
      .positive()
      .optional()
      .describe('So long after the last round began, where anything has come by then.'),
  })
  .describe(
    'What lets the next round begin: any of these, and "semievol next RUN" at any time. With none of them ({}) it begins by hand alone. When left out, each begins when the one before has ended.',
  );

/** What lets the next round begin, as a spec says it. */
export type NextSpec = z.output<typeof nextSpec>;

/** What the rounds of a run work on. */
export const poolFields = {
  pool: z
    .enum(['all', 'new', 'new-and-refused'])
    .default('all')
    .describe(
      'Which unlabelled examples a round asks about. all: every one, by the present model. new: those that have come since the round before began. new-and-refused: these, and what no earlier round has selected. What is new is all of them in the first round, and where nothing has come.',
    ),
  earlier: z
    .enum(['relabel', 'keep'])
    .default('relabel')
    .describe(
      'What becomes of what earlier rounds have selected. relabel: it is asked about again, by the present model, and has to be selected again to be taught. keep: it is taught with the labels it had then, unless it is asked about again.',
    ),
};
