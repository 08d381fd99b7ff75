import { z } from 'zod';

/** How long the store keeps what rounds were answered. */
export const retentionSpec = z
  .strictObject({
    answers: z
      .number()
      .int()
      .min(1)
      .describe(
        'Of how many rounds, the one under way among them, answers and neighbours stay in the store. Pseudo-labels, what is selected, figures and spend stay of all.',
      ),
  })
  .describe('What the store keeps of old rounds; everything when left out.');
