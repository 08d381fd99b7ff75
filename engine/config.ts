import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { BUILT_IN_NAMES } from './settings.ts';

/** As models are called in requests; `ft:NAME:…` are the tuned ones. */
const NAME = /^[A-Za-z0-9][\w./-]{0,99}$/;
const REPOSITORY = /^[\w.-]+\/[\w.-]+$/;

const faultOfName = (name: string): string | undefined => {
  if (BUILT_IN_NAMES.includes(name))
    return 'this is the name of a built-in model: choose another name';
  if (NAME.test(name)) return undefined;
  return 'a name has up to 100 letters, digits, dots, dashes, underscores and slashes: choose another name';
};

const modelConfig = z
  .strictObject({
    folder: z
      .string()
      .min(1)
      .optional()
      .describe('Folder of the model (relative to this file), as Hugging Face lays it out.'),
    repository: z
      .string()
      .regex(REPOSITORY, 'give it as OWNER/NAME')
      .optional()
      .describe('Its name in the local Hugging Face cache; nothing is fetched.'),
    template: z
      .record(z.string(), z.json())
      .default({})
      .describe('Arguments of its chat template, such as `{ enable_thinking: false }`.'),
    rank: z.int().min(1).max(1024).default(16).describe('Rank of its LoRA adapters.'),
    scale: z.number().positive().default(2).describe('What they are multiplied by.'),
    layers: z
      .union([z.literal('all'), z.int().min(1)])
      .default('all')
      .describe('How many layers are adapted, counted from the last.'),
    learningRate: z
      .number()
      .positive()
      .max(1)
      .default(1e-4)
      .describe("The highest; a job's learning_rate_multiplier multiplies it."),
    schedule: z
      .enum(['cosine', 'linear', 'constant'])
      .default('cosine')
      .describe('How the rate falls after the warm-up.'),
    warmup: z
      .number()
      .min(0)
      .max(0.9)
      .default(0.1)
      .describe('Share of the steps in which it rises.'),
    maxSequence: z
      .int()
      .min(16)
      .default(1024)
      .describe('Tokens of an example in training; longer ones are cut.'),
  })
  .refine(({ folder, repository }) => (folder === undefined) !== (repository === undefined), {
    error: 'give either folder or repository',
  });

/** The section `engine` of a configuration: what the embedded engine serves beside its own small model. */
export const engineConfig = z
  .strictObject({
    models: z
      .record(z.string(), modelConfig)
      .superRefine((models, context) => {
        for (const name of Object.keys(models)) {
          const message = faultOfName(name);
          if (message) context.addIssue({ code: 'custom', path: [name], message });
        }
      })
      .default({})
      .describe('Models by the names that requests use.'),
    memoryGB: z
      .number()
      .positive()
      .optional()
      .describe(
        "What the weights of models in memory may weigh together; two thirds of the device's memory unless told.",
      ),
    cuda: z
      .union([z.literal(12), z.literal(13)])
      .optional()
      .describe('Computes on an NVIDIA GPU (Linux) by mlx for this version of CUDA.'),
  })
  .prefault({})
  .describe('The embedded engine. Read by `semievol dev` and `semievol doctor` alone.');

export type EngineConfig = z.output<typeof engineConfig>;
export type ModelConfig = z.output<typeof modelConfig>;

/** The configuration with its models' folders as they are seen from `folder`; `~` is the user's home. */
export const engineAt = (config: EngineConfig, folder: string): EngineConfig => ({
  ...config,
  models: Object.fromEntries(
    Object.entries(config.models).map(([name, model]) => [
      name,
      model.folder === undefined ? model : { ...model, folder: inFolder(folder, model.folder) },
    ]),
  ),
});

const inFolder = (folder: string, file: string): string =>
  path.resolve(folder, file.replace(/^~(?=\/|$)/, homedir()));

/**
 * The configuration with one more model, of the usual settings: a folder is called by its last part, any other text is a name
 * in the local Hugging Face cache. A model that is configured under the name keeps its settings.
 */
export const withModel = (config: EngineConfig, place: string): EngineConfig => {
  const isFolder = existsSync(place) || !REPOSITORY.test(place);
  const folder = inFolder('.', place);
  const name = isFolder ? path.basename(folder) : place;
  const found = config.models[name];
  const model = isFolder ? { folder } : { repository: place };
  return engineConfig.parse({
    ...config,
    models: {
      ...config.models,
      [name]: { ...found, folder: undefined, repository: undefined, ...model },
    },
  });
};
