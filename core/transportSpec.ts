import { z } from 'zod';
import { ASKED, type Asked, TRANSPORT_CHOICES } from './transport.ts';

const transportChoice = z.enum(TRANSPORT_CHOICES);

/** What the requests of a part of a round are for. */
const ASKED_FOR: Record<Asked, string> = {
  collaborate: 'The answers of collaborators.',
  justify: 'The choice between answers that disagree.',
  judge: 'What the judge compares and grades.',
  evaluate: 'The answers that are graded.',
};

const transports = z.strictObject({
  ...(Object.fromEntries(
    ASKED.map((asked) => [asked, transportChoice.default('direct').describe(ASKED_FOR[asked])]),
  ) as Record<Asked, z.ZodDefault<typeof transportChoice>>),
  atLeast: z
    .number()
    .int()
    .positive()
    .default(1_000)
    .describe('auto: fewer requests of a phase than this are sent by themselves.'),
  withinHours: z
    .number()
    .positive()
    .optional()
    .describe(
      'auto: hours within which answers are wanted; where a batch may take longer, requests are sent by themselves.',
    ),
});

/** How the requests of a run are sent. */
export const transportSpec = z
  .union([transportChoice, transports])
  .transform((given) =>
    typeof given === 'string'
      ? transports.parse(Object.fromEntries(ASKED.map((asked) => [asked, given])))
      : given,
  )
  .prefault('direct')
  .describe(
    'How requests are sent, all of them or those of each part of a round. direct: each by itself. batch: up to 50,000 in a file, answered within a day, for less; the endpoint has to declare batches in temporal.config.ts. auto: batch where the endpoint takes them, there are enough requests, they may wait, and it costs less.',
  );
