import { z } from 'zod';
import { webhookConfig } from './webhook.ts';

/** Who is told when the champion of a run changes. */
export const announceConfig = z
  .strictObject({
    webhook: webhookConfig.optional().describe('An address that is told.'),
    activity: z
      .strictObject({
        name: z.string().min(1).describe('As the worker has it that runs it.'),
        taskQueue: z
          .string()
          .min(1)
          .optional()
          .describe("Workers on this task queue run it; the run's own when left out."),
      })
      .optional()
      .describe('An activity of your own that is told, for example to deploy the model.'),
  })
  .prefault({})
  .describe('Who is told when the champion of a run changes.');

export type AnnounceConfig = z.output<typeof announceConfig>;
