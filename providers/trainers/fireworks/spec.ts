import { z } from 'zod';

const id = z.string().regex(/^[a-z][a-z0-9-]*$/, 'give small letters, digits and -');

/** The fields of Fireworks in an endpoint's `trainer`. */
export const spec = z.strictObject({
  type: z.literal('fireworks').describe('Fine-tuning and deployments of Fireworks.'),
  account: id.describe('Id of the account, as in accounts/ID/models/….'),
  learningRate: z
    .number()
    .positive()
    .default(1e-4)
    .describe('What `learningRateMultiplier` is a factor on.'),
  loraRank: z.number().int().positive().optional().describe("The base's own when left out."),
  shape: z
    .string()
    .min(1)
    .default('default')
    .describe('What a deployment runs on: accounts/…/deploymentShapes/…, or default.'),
  deployment: id
    .optional()
    .describe(
      'Id of a deployment of the base with addons, which you keep: models are loaded on it, and its hours are not booked. When left out, each model gets a deployment of its own while it is asked.',
    ),
});

/** What an endpoint's `trainer` says of Fireworks. */
export type FireworksSpec = z.output<typeof spec>;
