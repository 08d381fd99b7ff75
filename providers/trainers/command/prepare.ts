import { constants, createReadStream } from 'node:fs';
import { access, mkdir, readFile, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ApplicationFailure } from '@temporalio/common';
import { finalFailure } from '../../../core/failures.ts';
import type { TrainingRequest } from '../../trainer.ts';
import { type Attempt, OUTPUT, START, type Start } from './attempt.ts';
import { appear, ifThere, writeWhole } from './files.ts';
import type { Origin } from './models.ts';
import { namesIn, renderCommand, renderConfig, type Values } from './render.ts';
import type { CommandSpec } from './spec.ts';
import { TOOLS } from './tools/index.ts';
import type { AttemptPlan, Checkpoint, Tool } from './tools/tool.ts';

const CONFIG = 'config.yaml';
const DATA = 'data';
const TEMPLATES = join(import.meta.dirname, 'templates');

/** The tool that a configuration names, with what it says otherwise of it. */
export function toolOf({ tool: name, command, log }: CommandSpec): Tool {
  const tool: Tool = TOOLS[name];
  const patterns = log?.patterns.map((pattern) => new RegExp(pattern));
  return {
    ...tool,
    ...(command && { command }),
    ...(log && { log: { ...tool.log, file: log.file, patterns: patterns! } }),
  };
}

/** Why nothing can be trained on this machine, with the remedy; undefined where it can. */
export async function obstacleTo(spec: CommandSpec, tool: Tool): Promise<string | undefined> {
  try {
    const trial: AttemptPlan = {
      ...{ model: '/model', rows: '/rows.jsonl', rowCount: 1, data: '/data', output: '/output' },
      ...{ epochs: 1, seed: 0, steps: 1, ...ratesOf(spec, tool) },
    };
    await mkdir(spec.folder, { recursive: true, mode: 0o755 });
    await access(spec.folder, constants.W_OK);
    const template = await templateOf(spec, tool);
    const values = { ...valuesOf(spec, tool, trial), config: '/config' };
    renderConfig(template.text, values, template.where);
    const [program] = renderCommand(tool.command, values, 'trainer.command');
    const names = [...tool.command, template.text].flatMap(namesIn);
    const unused = Object.keys(spec.values).find(
      (name) => !names.includes(name) && !Object.hasOwn(tool.defaults, name),
    );
    if (unused) return `${template.where} has no {{${unused}}}: leave trainer.values.${unused} out`;
    return await missingProgram(program!, spec);
  } catch (error) {
    if (error instanceof ApplicationFailure) return error.message;
    return `${(error as Error).message}: see trainer.folder and trainer.template in temporal.config.ts`;
  }
}

async function missingProgram(program: string, { env }: CommandSpec): Promise<string | undefined> {
  const folders = program.includes('/')
    ? ['']
    : (env.PATH ?? process.env.PATH ?? '').split(delimiter);
  for (const folder of folders)
    if (
      await access(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return undefined;
  return `there is no program ${program} on this machine: install it, or name where it is as trainer.command in temporal.config.ts`;
}

/** What a further attempt at a job is made of. */
interface Further {
  /** Folder of the job. */
  job: string;
  attempts: readonly Attempt[];
  request: TrainingRequest;
  /** The training file. */
  rows: string;
  origin: Origin;
}

/**
 * Lays out the next attempt: data, configuration and command, in a folder of its own, so that what
 * stands in its output is of this attempt alone. Several may do so at once: it is the same.
 * @returns its folder
 */
export async function prepareAttempt(
  spec: CommandSpec,
  tool: Tool,
  { job, attempts, request, rows, origin }: Further,
): Promise<string> {
  const folder = join(job, String((attempts.at(-1)?.number ?? 0) + 1));
  const { base, adapter } = origin;
  const model = spec.models[base] ?? base;
  if (isAbsolute(model) && !(await ifThere(stat(model))))
    throw finalFailure(
      'NoFineTuning',
      `there is no ${model}: correct trainer.models.${base} in temporal.config.ts`,
    );
  const { epochs, batchSize, learningRateMultiplier = 1 } = request.training;
  const rates = ratesOf(spec, tool);
  const rowCount = await linesIn(rows);
  const size = Math.max(1, Math.min(batchSize ?? rates.batchSize, rowCount));
  const steps = Math.ceil((rowCount * epochs) / size);
  const checkpoint = await newestCheckpoint(tool, attempts, steps);
  const plan: AttemptPlan = {
    ...{ model, rows, rowCount, epochs, steps, seed: request.seed, batchSize: size },
    ...{ data: join(folder, DATA), output: join(folder, OUTPUT) },
    learningRate: rates.learningRate * learningRateMultiplier,
    ...(adapter && { adapter }),
    ...(checkpoint && { checkpoint }),
  };
  const { text, where } = await templateOf(spec, tool);
  const values = { ...valuesOf(spec, tool, plan), config: join(folder, CONFIG) };
  const start: Start = {
    command: renderCommand(tool.command, values, 'trainer.command'),
    ...{ cwd: folder, env: spec.env, steps, done: checkpoint?.step ?? 0 },
  };
  await appear(folder, async (made) => {
    await tool.arrange(rows, join(made, DATA));
    await writeWhole(join(made, CONFIG), renderConfig(text, values, where));
    await writeWhole(join(made, START), JSON.stringify(start));
  });
  return folder;
}

/** What an attempt is filled in with: what the user sets, under what the job says. */
function valuesOf(spec: CommandSpec, tool: Tool, plan: AttemptPlan): Values {
  const perDevice = Number(spec.values.perDevice ?? tool.defaults.perDevice ?? 1);
  const { checkpoint, adapter, ...given } = plan;
  return {
    ...{ ...tool.defaults, ...spec.values, ...given, adapter, checkpoint: checkpoint?.path },
    accumulation: Math.ceil(plan.batchSize / perDevice),
    ...tool.values?.(plan),
  };
}

/** @throws ApplicationFailure `NoFineTuning` where one is no number */
function ratesOf({ values }: CommandSpec, { defaults }: Tool) {
  const number = (name: string) => {
    const value = Number(values[name] ?? defaults[name]);
    if (value > 0) return value;
    throw finalFailure(
      'NoFineTuning',
      `trainer.values.${name} in temporal.config.ts is no number above 0`,
    );
  };
  return { batchSize: number('batchSize'), learningRate: number('learningRate') };
}

async function templateOf({ template }: CommandSpec, tool: Tool) {
  const path = template ?? join(TEMPLATES, tool.template);
  return { text: await readFile(path, 'utf8'), where: template ?? `the template ${tool.template}` };
}

/** The state to go on from that has the most steps done; there is nothing to go on to behind the last. */
async function newestCheckpoint(
  tool: Tool,
  attempts: readonly Attempt[],
  steps: number,
): Promise<Checkpoint | undefined> {
  const found: Checkpoint[] = [];
  for (const { folder, start } of attempts) {
    const one = await tool.newestCheckpoint?.(join(folder, OUTPUT), start.done);
    if (one && one.step < steps) found.push(one);
  }
  return found.sort((a, b) => b.step - a.step)[0];
}

async function linesIn(path: string): Promise<number> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') }))
    if (line.trim() !== '') count++;
  return count;
}
