import { z } from 'zod';
import { endpointPrices } from './prices.ts';

const count = z.number().int().positive();

const holdsSecrets = (address: string): boolean => {
  const url = URL.parse(address);
  return Boolean(url?.username || url?.password || url?.search);
};

/** How to reach and use one OpenAI-compatible endpoint. */
export const endpointConfig = z.strictObject({
  baseURL: z
    .url({ protocol: /^https?$/, error: 'give an address, http://… or https://…' })
    .refine((url) => !holdsSecrets(url), {
      error:
        'the address holds a user name, a password or a query, and would be told in messages: leave them out, and name the variable of the key as apiKeyEnv',
    })
    .describe('Root of an OpenAI-compatible API, …/v1.'),
  apiKeyEnv: z
    .string()
    .regex(
      /^[A-Z_][A-Z0-9_]*$/,
      'give the name of an environment variable, in capitals, not the key itself',
    )
    .optional()
    .describe("Name of the worker's environment variable that holds the key."),
  maxInFlight: count
    .default(64)
    .describe('Most requests of one worker at the same time; less after a 429, then more again.'),
  supportsN: z
    .boolean()
    .default(true)
    .describe('Whether one chat request can draw several samples (`n`).'),
  requestTimeoutSeconds: z
    .number()
    .positive()
    .default(120)
    .describe('For one request and its answer; uploads of files have hours.'),
  pollSeconds: z
    .number()
    .positive()
    .default(10)
    .describe('Seconds between two looks at a fine-tuning job.'),
  stalledAfterMinutes: z
    .number()
    .positive()
    .default(60)
    .describe('A fine-tuning job without progress for so long is reported; it is left running.'),
  finalAfterSeconds: z
    .number()
    .positive()
    .default(120)
    .describe('How long a provider has to say again what cannot be mended, until it is believed.'),
  idleMinutes: z
    .number()
    .positive()
    .default(20)
    .describe(
      'A tuned model that has to be deployed is taken down after so long without a request, and put up again before the next.',
    ),
  trainer: z
    .looseObject({
      type: z.string(),
      taskQueue: z
        .string()
        .min(1)
        .optional()
        .describe('Workers on this task queue train; the run’s own when left out.'),
    })
    .prefault({ type: 'openai' })
    .describe('How the endpoint fine-tunes: a kind of trainer, with the fields of its own.'),
  tokenizers: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe(
      "Folders (relative to this file) that hold a model's tokenizer.json, by model name, so that `semievol plan` counts tokens as the model does; found by itself for the embedded engine, for names in the local cache of Hugging Face and for OpenAI's.",
    ),
  prices: endpointPrices.default({}),
});

/** A checked configuration of an endpoint, with every default filled in. */
export type EndpointConfig = z.output<typeof endpointConfig>;
