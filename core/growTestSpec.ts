import { z } from 'zod';

/** How the test split grows with the labelled examples that are added to a run. */
export const growTestSpec = z
  .number()
  .gt(0)
  .lt(1)
  .optional()
  .describe(
    'Share (0 to 1) of newly labelled examples that join the test split, when data are added to a run; which ones follows from their text. Never one that was there before, labelled or not. The test split stays as it is when left out.',
  );
