import { resolve } from 'node:path';
import { z } from 'zod';
import type { ActivityOptions } from '../core/activityOptions.ts';
import type { GridPlan } from '../core/grid/plan.ts';
import { mostRounds } from '../core/living/rounds.ts';
import { identityOf, type RunSpec, type TrainingSpec, trainingSpec } from '../core/spec.ts';
import { contentHash } from '../data/source.ts';
import type { FineTuneInput } from '../workflows/fineTune.ts';
import type { ReproduceInput } from '../workflows/reproduce.ts';
import { checked } from './spec.ts';

/** How a run is started. */
export interface StartOptions {
  /**
   * The folder that relative paths of data files start at; the working folder when left out. A
   * worker on another machine needs the same path, or URLs.
   */
  folder?: string;
  /**
   * What is to be other than usual with the activities of this run, beside `activityOptions` of the
   * configuration. A run that goes on keeps those it was started with.
   */
  activityOptions?: ActivityOptions;
}

/** A fine-tuning job to supervise, of a file in chat format. */
export interface FineTuneRequest {
  /** Its workflow id, and part of the job's key: the same again means the same job. */
  name: string;
  /** Name of an endpoint in the configuration. */
  endpoint: string;
  /** The model to start from. */
  model: string;
  /** A JSON Lines file in one of the worker's `trainingFolders`; seen from the working folder. */
  file: string;
  training?: Partial<TrainingSpec>;
  seed?: number;
  /** Part of the tuned model's name; the name of the fine-tune when left out. */
  suffix?: string;
}

const text = z.string().min(1);
const fineTuneRequest = z.strictObject({
  name: text,
  endpoint: text,
  model: text,
  file: text,
  training: trainingSpec.prefault({}),
  seed: z.number().int().min(0).default(0),
  suffix: text.optional(),
}) satisfies z.ZodType<unknown, FineTuneRequest>;

/** Work as it is asked for. A name stands for one spec and one set of data. */
export interface Work {
  /** The workflow's id. */
  name: string;
  type: string;
  input: unknown;
  /** What makes it this work, beside its data. */
  spec: object;
  /** Fingerprint of its data; undefined where they cannot be read here. */
  data(): Promise<string | undefined>;
  /** Whether it is begun again once it has completed: what is stored is not done twice. */
  isRepeatable?: boolean;
  /** A line for Temporal's UI, and what else its page there should say, in Markdown. */
  summary: string;
  details: string;
}

/** A run as work: its files count by what they hold, wherever they are. */
export function runOf(spec: RunSpec, options: StartOptions): Work {
  // Absolute, since a worker works in another.
  const folder = resolve(options.folder ?? '.');
  return {
    name: spec.name,
    type: 'evolve',
    input: { run: spec.name, spec, folder, activityOptions: options.activityOptions },
    spec: identityOf(spec),
    data: async () => {
      const { dataFingerprint } = await import('../data/fingerprint.ts');
      return dataFingerprint({ data: spec.data, folder });
    },
    summary: `SemiEvol: ${spec.task.type} with ${spec.model.name}`,
    details: `${spec.collaborators.length} collaborators, selection by \`${spec.selection.rule}\`, ${roundsText(mostRounds(spec))}, seed ${spec.seed}; ${spec.model.name} at ${spec.model.endpoint}.\n\nOn the command line: \`semievol status ${spec.name}\` shows how it goes, \`pause\`, \`resume\` and \`cancel\` steer it, \`report\` has the figures of its rounds.`,
  };
}

const roundsText = (rounds: number | undefined): string =>
  rounds === undefined ? 'rounds without end' : `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`;

/** A fine-tune as work. @throws SpecError */
export function fineTuneOf(
  request: FineTuneRequest,
  activityOptions: ActivityOptions | undefined,
): Work {
  const {
    name,
    file,
    training,
    seed,
    suffix = name,
    ...rest
  } = checked(fineTuneRequest, request, 'the fine-tune');
  const input: FineTuneInput = {
    ...rest,
    rows: { from: 'file', path: resolve(file) },
    training,
    seed,
    suffix,
    lineage: { run: name, round: 0, role: 'other', dataset: name },
  };
  return {
    name,
    type: 'fineTune',
    input: { ...input, setting: { activityOptions } },
    spec: { ...input, rows: file },
    data: () =>
      contentHash({ name: file, format: 'jsonl', location: resolve(file) }).catch(() => undefined),
    summary: `Fine-tune ${rest.model} at ${rest.endpoint}`,
    details:
      'One fine-tuning job, from its file to its model. Cancelling this workflow cancels the job.',
  };
}

/** A grid as work: with more cells or seeds it is begun again. */
export function gridOf(plan: GridPlan, activityOptions: ActivityOptions): Work {
  const { name, cells, groups } = plan;
  const input: ReproduceInput = { plan, activityOptions };
  return {
    name,
    type: 'reproduce',
    input,
    spec: plan,
    data: async () => undefined, // the names of its runs hold what they hold
    isRepeatable: true,
    summary: `Grid: ${cells.length} cells, ${groups.length} pairs of seeds`,
    details: `Each run is a workflow of its own: \`semievol status RUN\` shows how it goes. What has completed is not run again.`,
  };
}
