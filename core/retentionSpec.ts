import { z } from 'zod';

/** How long the store keeps what rounds were answered. */
export const retentionSpec = z
  .strictObject({
    answers: z
      .number()
      .int()
      .min(2)
      .describe(
        'Of how many rounds, the one under way among them, answers and neighbours stay in the store; 2 at least, since a round takes over what the one before it has asked. Pseudo-labels, what is selected, figures and spend stay of all.',
      ),
  })
  .describe('What the store keeps of old rounds; everything when left out.');
