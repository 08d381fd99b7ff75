import { z } from 'zod';

const share = z.number().min(0).max(1);

/** What a run pauses for, since it looks as if it believed its own mistakes. */
export const driftSpec = z
  .strictObject({
    classes: share
      .default(0.2)
      .describe(
        'How far the classes of the selected may lie from those of the labelled examples, as the share that would have to be of another class (total variation). What chance alone may do is allowed, too.',
      ),
    precisionLoss: share
      .default(0.05)
      .describe(
        'How much less than in the round before may be right among what the rule keeps of the labelled examples that were answered unseen; and what chance alone may do.',
      ),
    accuracyLoss: share
      .default(0.01)
      .describe(
        'How much the new model may lose by the first metric (0 to 1) where it gets worse two rounds running.',
      ),
  })
  .describe(
    'What a run of several rounds pauses for, since its models may have begun to learn from their own mistakes. {} has usual bounds; when left out, nothing is watched.',
  );

/** What a run pauses for, as a spec says it. */
export type DriftSpec = z.output<typeof driftSpec>;
