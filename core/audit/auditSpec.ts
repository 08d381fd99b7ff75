import { z } from 'zod';

/** Whether gold answers are doubted. */
export const auditSpec = z
  .boolean()
  .default(false)
  .describe(
    'Whether the first round lists labelled rows whose answer both models that have not seen them and their neighbours speak against, for people to look at; nothing is changed by itself. It takes cross-fitting: two fine-tunes of each warm-up, on half of the labelled rows each, and their answers, where these are not there anyway (see resolution).',
  );
