import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { activityOptions } from '../core/activityOptions.ts';
import { SemiEvolError } from '../core/errors.ts';
import { sentenceOf } from '../core/issues.ts';
import { isUrl } from '../core/url.ts';
import { endpointConfig } from '../providers/config.ts';
import { Trainers } from '../providers/trainers/index.ts';
import { extensionsConfig } from './extensions.ts';

const count = z.number().int().positive();
const fields = z.strictObject({
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
  extensions: extensionsConfig,
  activityOptions: activityOptions.optional(),
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

/** Which trainers there are is known once the extensions are. */
const configSchema = fields.transform((config, context) => {
  const { spec } = new Trainers(config.extensions.trainers);
  const endpoints = Object.entries(config.endpoints).map(([name, endpoint]) => {
    const { data: trainer = endpoint.trainer, error } = spec.safeParse(endpoint.trainer);
    for (const issue of error?.issues ?? [])
      context.addIssue({ ...issue, path: ['endpoints', name, 'trainer', ...issue.path] });
    return [name, { ...endpoint, trainer }];
  });
  return { ...config, endpoints: Object.fromEntries(endpoints) as typeof config.endpoints };
});

/** A checked configuration, with every default filled in. */
export type Config = z.output<typeof configSchema>;

/** The configuration cannot be used; the message names the field and what to do. */
export class ConfigError extends SemiEvolError {
  override readonly name = 'ConfigError';
  override readonly isOfInput = true;
}

/**
 * Checks a configuration and fills in its defaults.
 * @throws ConfigError naming each wrong field.
 */
export function defineConfig(config: z.input<typeof configSchema> = {}): Config {
  const result = configSchema.safeParse(config);
  if (result.success) return result.data;
  const lines = result.error.issues.map(
    (issue) => `  ${sentenceOf(issue, config, { showTexts: !mayBeSecret(issue.path) })}`,
  );
  throw new ConfigError(`temporal.config.ts cannot be used:\n${lines.join('\n')}`);
}

/** Fields where a key may have been written by mistake. */
const mayBeSecret = (path: readonly PropertyKey[]): boolean =>
  path.some((step) => ['apiKeyEnv', 'baseURL', 'options', 'trainer'].includes(String(step)));

/**
 * Loads a configuration module (`temporal.config.ts` of the working folder unless told otherwise);
 * local folders become absolute, seen from the module.
 * @throws ConfigError when the file is missing, cannot be run or has no usable default export.
 */
export async function loadConfig(file = 'temporal.config.ts'): Promise<Config> {
  const path = resolve(file);
  if (!existsSync(path))
    throw new ConfigError(
      `${file} not found in ${process.cwd()}: run semievol in the folder that holds it, or name it with --config FILE`,
    );
  const module = await importConfig(file, path);
  if (!module.default)
    throw new ConfigError(
      `${file} has no default export: write "export default defineConfig({…})"`,
    );
  return atPlace(defineConfig(module.default), dirname(path));
}

/** The configuration with its local folders as they are seen from a folder. */
function atPlace(config: Config, folder: string): Config {
  const { store, worker } = config;
  const trainingFolders = worker.trainingFolders.map((one) => resolve(folder, one));
  return {
    ...config,
    store: isUrl(store.uri) ? store : { ...store, uri: resolve(folder, store.uri) },
    worker: { ...worker, trainingFolders },
  };
}

async function importConfig(file: string, path: string): Promise<{ default?: Config }> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    // It may use another copy of this package.
    if (error instanceof Error && error.name === 'ConfigError') throw error;
    const { message = String(error), stack = '' } = error instanceof Error ? error : {};
    const place = lineIn(path, stack) ?? (error instanceof SyntaxError ? syntaxLine(path) : '');
    throw new ConfigError(`${file}${place} cannot be run (${message}): correct it there`, {
      cause: error,
    });
  }
}

/** `:LINE` of a file, where a text has it. */
function lineIn(path: string, text: string): string | undefined {
  const after = text.split(path, 2)[1] ?? '';
  return /^:\d+/.exec(after)?.[0];
}

/** Node tells the line of a syntax error in JavaScript only as it ends. */
function syntaxLine(path: string): string {
  const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8' });
  return lineIn(path, stderr) ?? '';
}
