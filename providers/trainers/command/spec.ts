import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { mlxSpec } from './serving/mlx.ts';
import { vllmSpec } from './serving/vllm.ts';
import { TOOLS } from './tools/index.ts';

const count = z.number().int().positive();
const path = z.string().refine(isAbsolute, 'give an absolute path: /…');
const part = z.string().min(1);
const command = z.tuple([part], part);

const pattern = z.string().refine((text) => {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}, 'this is no regular expression of JavaScript');

/** What an endpoint's `trainer` holds for training by a command. */
export const commandSpec = z.strictObject({
  type: z.literal('command').describe('A program on a machine of your own.'),
  taskQueue: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Task queue of the worker on the machine that trains, one machine each; the run’s own when left out.',
    ),
  folder: path.describe('Folder on that machine for training files, jobs and models.'),
  tool: z
    .enum(Object.keys(TOOLS) as (keyof typeof TOOLS)[])
    .describe('Whose configuration, log, checkpoints and output it is.'),
  command: command
    .optional()
    .describe(
      "Program and arguments; `{{config}}` is the configuration. The tool's own when left out.",
    ),
  template: path
    .optional()
    .describe(
      "A configuration of your own, with `{{name}}` where values go. The tool's own when left out.",
    ),
  values: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('What the template is filled in with: rank, learningRate, batchSize …'),
  log: z
    .strictObject({
      file: z
        .string()
        .min(1)
        .optional()
        .describe('In its output folder; what it prints when left out.'),
      patterns: z
        .array(pattern)
        .min(1)
        .describe(
          'Regular expressions with the named groups `step`, `total`, `loss` and `tokens`.',
        ),
    })
    .optional()
    .describe("How steps and loss are read. The tool's own way when left out."),
  serving: z
    .discriminatedUnion('type', [vllmSpec, mlxSpec])
    .optional()
    .describe(
      'How models are put up at the endpoint and taken down again; left out where they answer once they are in the folder `models`.',
    ),
  models: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe(
      'What the tool calls a base model, a folder or a name, by the name it is served under.',
    ),
  env: z
    .record(z.string(), z.string())
    .default({})
    .describe("Environment of the command beside the worker's own. Keys belong in the latter."),
  maxJobs: count.default(1).describe('Commands that run at the same time; further ones wait.'),
  retries: z
    .number()
    .int()
    .min(0)
    .default(3)
    .describe(
      'How often a command that crashed goes on from its last checkpoint, or begins again.',
    ),
});

export type CommandSpec = z.output<typeof commandSpec>;
