import { z } from 'zod';
import { endpointPrices } from './prices.ts';

const count = z.number().int().positive();

const holdsSecrets = (address: string): boolean => {
  const url = URL.parse(address);
  return Boolean(url?.username || url?.password || url?.search);
};

/** How an endpoint takes batches. The limits are those that OpenAI publishes. */
const batches = z.strictObject({
  wire: z
    .enum(['openai', 'together'])
    .default('openai')
    .describe("Whose wire it speaks: OpenAI's, as Azure does, too, or Together's."),
  path: z
    .string()
    .startsWith('/')
    .default('/v1/chat/completions')
    .describe('What each request is for, as a batch names it; some of Azure: /chat/completions.'),
  models: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe(
      'What a model is called in a batch, by its own name, where that is another: at Azure its deployment for batches.',
    ),
  maxRequests: count.max(50_000).default(50_000).describe('Most requests of a batch.'),
  maxBytes: count.max(200_000_000).default(200_000_000).describe('Most bytes of its file.'),
  windowHours: z
    .number()
    .positive()
    .default(24)
    .describe('Within how many hours it answers a batch.'),
  atOnce: count
    .max(100)
    .default(8)
    .describe('Batches of a phase that are under way at the same time.'),
  rounds: count
    .max(100)
    .default(3)
    .describe('How often a request is sent in a batch before it is sent by itself.'),
});

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
  batches: z
    .union([z.boolean(), batches])
    .transform((given) => (given === true ? batches.parse({}) : given || undefined))
    .optional()
    .describe(
      'Whether it takes batches of chat requests (`/batches`), and within which limits; a spec says by `transport` what goes by them.',
    ),
  prices: endpointPrices.default({}),
  pricesFile: z
    .string()
    .min(1)
    .optional()
    .describe('A file of prices (YAML or JSON, seen from this file): asOf, and models by name.'),
});

/** A checked configuration of an endpoint, with every default filled in. */
export type EndpointConfig = z.output<typeof endpointConfig>;
