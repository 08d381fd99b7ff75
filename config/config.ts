import { z } from 'zod';
import { activityOptions } from '../core/activityOptions.ts';
import { sentenceOf } from '../core/issues.ts';
import { engineConfig } from '../engine/config.ts';
import { announceConfig } from '../providers/announcing.ts';
import { endpointConfig } from '../providers/config.ts';
import { Trainers } from '../providers/trainers/index.ts';
import { ConfigError } from './errors.ts';
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
  engine: engineConfig,
  announce: announceConfig,
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
  path.some((step) =>
    ['apiKeyEnv', 'baseURL', 'options', 'trainer', 'url', 'secretEnv'].includes(String(step)),
  );
