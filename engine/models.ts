import { once } from 'node:events';
import { totalmem } from 'node:os';
import { SemiEvolError } from '../core/errors.ts';
import type { EngineConfig, ModelConfig } from './config.ts';
import { type Message, PythonService, startPython } from './pythonProcess.ts';
import { BASE_MODEL, mlxEnvironment, program, SERVING } from './settings.ts';
import { now } from './storage.ts';

export type ModelsConfig = Pick<EngineConfig, 'models' | 'memoryGB'>;

/** How a model's adapters are trained. */
export type ModelTraining = Pick<
  ModelConfig,
  'rank' | 'scale' | 'layers' | 'learningRate' | 'schedule' | 'warmup' | 'maxSequence'
>;

/** A model that chats as it is and is the base of tuned ones. */
export interface BaseModel {
  name: string;
  folder: string;
  /** Arguments of its chat template. */
  template: ModelConfig['template'];
  /** Unix seconds. */
  created: number;
  /** What its weights take in memory. */
  bytes: number;
  training: ModelTraining;
  /** As its publisher calls it; looked for in its folder where it is left out. */
  license?: string;
}

/** The model that is always there. How it is trained suits a small model and tens to hundreds of rows. */
export const BUILT_IN: BaseModel = {
  name: BASE_MODEL.id,
  folder: BASE_MODEL.folder,
  template: {},
  created: BASE_MODEL.created,
  bytes: BASE_MODEL.bytes,
  license: BASE_MODEL.license,
  training: {
    rank: 16,
    scale: 2,
    layers: 8,
    learningRate: 1e-3,
    schedule: 'cosine',
    warmup: 0.1,
    maxSequence: 1024,
  },
};

/** A model of the configuration cannot be served; the message names each with its reason. */
export class ModelsRefused extends SemiEvolError {
  override readonly name = 'ModelsRefused';
  override readonly isOfInput = true;
}

/** What was found of a model in the configuration. */
export interface Finding {
  name: string;
  error?: string;
  folder: string;
  architecture: string;
  bytes: number;
  /** Computed by the passes made for Llama's layers, not by mlx-lm's own code. */
  fast: boolean;
}

/** Looks at the models of a configuration without reading their weights, and at the bytes for all of them together. */
export const lookAt = async ({
  models,
  memoryGB,
}: ModelsConfig): Promise<{ findings: Finding[]; limit: number }> => {
  const findings: Finding[] = [];
  let memory = totalmem();
  const receive = (message: Message) => {
    if (message.memory) {
      memory = message.memory;
      child.stdin.end();
    } else findings.push(message as unknown as Finding);
  };
  const { child, lastLines } = startPython(
    { program: program('check'), env: mlxEnvironment() },
    receive,
  );
  const wanted = Object.entries(models).map(([name, { folder, repository, template, layers }]) => ({
    name,
    folder,
    repository,
    template,
    layers: layerCount(layers),
  }));
  child.stdin.write(`${JSON.stringify({ models: wanted })}\n`);
  await once(child, 'close');
  if (findings.length < wanted.length)
    throw new ModelsRefused(`engine.models cannot be looked at: ${lastLines()}`);
  const limit = limitOf(memoryGB, memory);
  return { findings: findings.map((one) => within(limit, one)), limit };
};

const limitOf = (memoryGB: number | undefined, memory: number): number =>
  memoryGB === undefined ? memory * SERVING.memoryShare : memoryGB * 1e9;

const within = (limit: number, finding: Finding): Finding =>
  finding.error === undefined && finding.bytes > limit
    ? {
        ...finding,
        error: `its weights take ${gigabytes(finding.bytes)}, and engine.memoryGB leaves ${gigabytes(limit)}: raise it, or take a smaller or quantised model`,
      }
    : finding;

export const gigabytes = (bytes: number): string =>
  `${(bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 0)} GB`;

/** `layers` as the Python programs take it: null for all. */
const layerCount = (layers: ModelTraining['layers']): number | null =>
  layers === 'all' ? null : layers;

/** The process that serves a model, not started yet. @param log as PythonService has it */
export const serviceOf = (
  { folder, template, training }: BaseModel,
  log: (line: string) => void,
): PythonService => {
  const args = {
    model: { folder, template },
    layers: layerCount(training.layers),
    max_batch: SERVING.maxBatch,
    max_adapters: SERVING.maxAdapters,
  };
  return new PythonService(
    { program: program('serve'), args: [JSON.stringify(args)], env: mlxEnvironment() },
    log,
  );
};

/** A base and its training, as engine/python/train.py takes them. */
export const trainingOf = (
  { folder, template, training }: BaseModel,
  rateMultiplier: number,
): Record<string, unknown> => {
  const { rank, scale, layers, learningRate, schedule, warmup, maxSequence } = training;
  return {
    model: { folder, template },
    learning_rate: learningRate * rateMultiplier,
    ...{ schedule, warmup, rank, scale },
    layers: layerCount(layers),
    max_sequence: maxSequence,
  };
};

/**
 * The models to serve, the built-in one first, and the bytes that their weights may take together.
 * @throws ModelsRefused
 */
export const baseModels = async (
  config: ModelsConfig,
  log: (line: string) => void,
): Promise<{ models: BaseModel[]; limit: number }> => {
  if (Object.keys(config.models).length === 0)
    return { models: [BUILT_IN], limit: limitOf(config.memoryGB, totalmem()) };
  const { findings, limit } = await lookAt(config);
  const faults = findings.flatMap(({ name, error }) => (error ? [`  ${name}: ${error}`] : []));
  if (faults.length > 0)
    throw new ModelsRefused(`engine.models cannot be served:\n${faults.join('\n')}`);
  for (const finding of findings) log(`${finding.name}: ${describe(finding)}`);
  const models = findings.map(({ name, folder, bytes }) => {
    const { template, folder: _, repository, ...training } = config.models[name]!;
    return { name, folder, template, created: now(), bytes, training };
  });
  return { models: [BUILT_IN, ...models], limit };
};

/** A model in a line. */
export const describe = ({ architecture, bytes, fast }: Finding): string =>
  `${architecture}, ${gigabytes(bytes)} in memory, computed by ${fast ? 'passes made for Llama' : "mlx-lm's own code"}`;
