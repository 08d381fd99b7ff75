import { z } from 'zod';

/** What people are asked about after a round. */
export const reviewSpec = z
  .strictObject({
    size: z
      .number()
      .int()
      .min(1)
      .max(1_000)
      .default(100)
      .describe('Examples that a round ranks for review, at the most.'),
    waitHours: z
      .number()
      .min(0)
      .max(24 * 365)
      .default(0)
      .describe(
        'How long the next round waits until all of them are reviewed; then it goes on without the others. What is reviewed later joins the round after.',
      ),
  })
  .describe(
    'After each round the examples that would teach most are ranked for people to answer: "semievol review RUN". None are when left out.',
  );

/** What people are asked about after a round, as a spec was read. */
export type ReviewSpec = z.output<typeof reviewSpec>;
