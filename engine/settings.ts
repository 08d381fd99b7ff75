import { globSync } from 'node:fs';
import path from 'node:path';
import { pythonIn } from './environment.ts';

/** Under the folder one works in, which for a clone is its root; never inside an installed package. */
const stateRoot = path.resolve('.semievol');

/** The Python environment, and beside its packages the models laid out for use. */
export const pythonFolder = path.join(stateRoot, 'python');

export const pythonExecutable = pythonIn(pythonFolder);

const pythonSources = path.join(import.meta.dirname, 'python');

export const requirementsFile = path.join(pythonSources, 'requirements.in');

export const lockedFile = path.join(pythonSources, 'requirements.txt');

/** Where a Python program of the engine lies. */
export const program = (name: 'serve' | 'train' | 'embed'): string =>
  path.join(pythonSources, `${name}.py`);

export const baseModel = {
  id: 'smollm2-135m-instruct',
  folder: path.join(pythonFolder, 'models', 'smollm2-135m-instruct'),
  /** Unix seconds, as /v1/models reports it. */
  created: 1_730_419_200,
} as const;

export const embeddingModel = {
  id: 'all-minilm-l6-v2',
  /** A folder in the layout of the Hugging Face cache, which candding reads. */
  hub: path.join(pythonFolder, 'models', 'hub'),
  repository: 'sentence-transformers/all-MiniLM-L6-v2',
  dimensions: 384,
  created: 1_630_281_600,
} as const;

export const defaults = {
  host: '127.0.0.1',
  port: 8090,
  stateFolder: path.join(stateRoot, 'engine'),
  /** Bytes of one uploaded file. */
  maxFileBytes: 512 * 1024 * 1024,
  /** Bytes of one JSON request. */
  maxBodyBytes: 16 * 1024 * 1024,
  maxTokens: 256,
} as const;

/** What a fine-tuning job means by "auto". Rank, scale, layers and rate suit a small model and tens to hundreds of rows. */
export const training = {
  epochs: 3,
  batchSize: 4,
  /** Multiplied by the job's learning_rate_multiplier. */
  learningRate: 5e-4,
  rank: 16,
  scale: 2,
  /** Adapted layers, counted from the last. */
  layers: 8,
  /** Tokens; longer examples are cut. */
  maxSequence: 1024,
} as const;

export const serving = {
  /** Requests decoded together. */
  maxBatch: 32,
  /** Models (base with one adapter merged in) kept in memory; one is about 115 MB. */
  maxAdapters: 6,
} as const;

const fastBlas = (): string | undefined =>
  process.platform === 'linux' && process.arch === 'x64'
    ? globSync(path.join(pythonFolder, 'lib', 'libmkl_rt.so*'))[0]
    : undefined;

/**
 * Environment of a process that computes with mlx. mlx's wheel for Linux carries the reference BLAS, which
 * is 25 times slower than MKL; preloading MKL's dispatcher puts its symbols first. Its threads sleep between products
 * instead of spinning, since other work wants the cores.
 */
export const mlxEnvironment = (): Record<string, string> => {
  const blas = fastBlas();
  return { ...offline, ...(blas && { LD_PRELOAD: blas, KMP_BLOCKTIME: '0' }) };
};

const offline = { HF_HUB_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'false' };

export const embeddingEnvironment = (): Record<string, string> => ({
  ...offline,
  HF_HUB_CACHE: embeddingModel.hub,
  HF_HOME: path.dirname(embeddingModel.hub),
});
