import { z } from 'zod';

/** The fields of Together in an endpoint's `trainer`. */
export const spec = z.strictObject({
  type: z.literal('together').describe('Fine-tuning and dedicated endpoints of Together.'),
  project: z.string().min(1).describe('Id of the project in which tuned models are put up.'),
  endpoint: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'give small letters, digits and -')
    .default('semievol')
    .describe('Name of the dedicated endpoint that has the deployments; made where there is none.'),
  config: z
    .string()
    .regex(/^projects\/[^/]+\/configs\/[^/]+$/, 'give projects/…/configs/…')
    .optional()
    .describe(
      'What a deployment runs on; the fewest accelerators there are for the base when left out.',
    ),
  learningRate: z
    .number()
    .positive()
    .default(1e-5)
    .describe('What `learningRateMultiplier` is a factor on.'),
  loraRank: z.number().int().positive().optional().describe("The base's own when left out."),
});

/** What an endpoint's `trainer` says of Together. */
export type TogetherSpec = z.output<typeof spec>;
