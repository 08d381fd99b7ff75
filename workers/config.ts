import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { endpointConfig } from '../providers/config.ts';

const count = z.number().int().positive();
const configSchema = z.strictObject({
  temporal: z
    .strictObject({
      profile: z.string().optional().describe("Profile in Temporal's own configuration file."),
      address: z.string().optional().describe('Overrides the profile and TEMPORAL_ADDRESS.'),
      namespace: z.string().optional().describe('Overrides the profile and TEMPORAL_NAMESPACE.'),
      taskQueue: z.string().min(1).default('semievol'),
    })
    .prefault({}),
  store: z
    .strictObject({
      uri: z
        .string()
        .min(1)
        .default('.semievol/store')
        .describe('A folder (relative to this file), or s3://, gs:// or az://.'),
      options: z
        .record(z.string(), z.string())
        .default({})
        .describe("LanceDB's storage options. Credentials belong in the environment."),
    })
    .prefault({}),
  endpoints: z
    .record(z.string(), endpointConfig)
    .refine((all) => Object.keys(all).length > 0, 'give at least one endpoint')
    .default({
      local: endpointConfig.parse({ baseURL: 'http://127.0.0.1:8090/v1', pollSeconds: 1 }),
    }),
  worker: z
    .strictObject({
      maxConcurrentActivities: count.default(20),
      shutdownGraceSeconds: z
        .number()
        .min(0)
        .default(20)
        .describe(
          'Time that requests under way still get when the worker stops; nothing new is sent.',
        ),
      trainingFolders: z
        .array(z.string().min(1))
        .default(['.'])
        .describe(
          'Folders (relative to this file) that `fineTune` may read training files from, with all in them.',
        ),
      deployment: z
        .strictObject({
          name: z
            .string()
            .regex(
              /^(?!__)[^.:]+$/,
              'Temporal takes no dot and no colon, nor two underscores first',
            )
            .default('semievol')
            .describe('Overridden by TEMPORAL_DEPLOYMENT_NAME.'),
          buildId: z
            .string()
            .min(1)
            .optional()
            .describe(
              'Overridden by TEMPORAL_WORKER_BUILD_ID; without one workers are unversioned.',
            ),
        })
        .prefault({})
        .describe("The worker's deployment and build, for Temporal's worker versioning."),
    })
    .prefault({}),
});

/** A checked configuration, with every default filled in. */
export type Config = z.output<typeof configSchema>;

/** The configuration cannot be used; the message names the field and what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Checks a configuration and fills in its defaults.
 * @throws ConfigError naming each wrong field.
 */
export function defineConfig(config: z.input<typeof configSchema> = {}): Config {
  const result = configSchema.safeParse(config);
  if (result.success) return result.data;
  const lines = result.error.issues.map(
    (issue) => `  ${issue.path.join('.') || '(top level)'}: ${issue.message}`,
  );
  throw new ConfigError(`temporal.config.ts cannot be used:\n${lines.join('\n')}`);
}

/**
 * Loads a configuration module (`temporal.config.ts` of the working folder unless told otherwise);
 * local folders become absolute, seen from the module.
 * @throws ConfigError when the file is missing or has no usable default export.
 */
export async function loadConfig(file = 'temporal.config.ts'): Promise<Config> {
  const path = resolve(file);
  if (!existsSync(path))
    throw new ConfigError(
      `${file} not found in ${process.cwd()}: run semievol in the folder that holds it, or name it with --config FILE`,
    );
  const module = (await import(pathToFileURL(path).href)) as { default?: Config };
  if (!module.default)
    throw new ConfigError(
      `${file} has no default export: write "export default defineConfig({…})"`,
    );
  return atPlace(defineConfig(module.default), dirname(path));
}

/** The configuration with its local folders as they are seen from a folder. */
function atPlace(config: Config, folder: string): Config {
  const { store, worker } = config;
  const isLocal = !/^[a-z0-9+.-]+:\/\//i.test(store.uri);
  const trainingFolders = worker.trainingFolders.map((one) => resolve(folder, one));
  return {
    ...config,
    store: isLocal ? { ...store, uri: resolve(folder, store.uri) } : store,
    worker: { ...worker, trainingFolders },
  };
}
