import { globSync } from 'node:fs';
import path from 'node:path';

/** Under the folder one works in, which for a clone is its root; never inside an installed package. */
const STATE_ROOT = path.resolve('.semievol');

/** The Python environment, and beside its packages the models laid out for use. */
export const PYTHON_FOLDER = path.join(STATE_ROOT, 'python');

/** The Python of an environment. */
export const pythonIn = (folder: string): string => path.join(folder, 'bin', 'python');

export const PYTHON_EXECUTABLE = pythonIn(PYTHON_FOLDER);

const PYTHON_SOURCES = path.join(import.meta.dirname, 'python');

export const REQUIREMENTS_FILE = path.join(PYTHON_SOURCES, 'requirements.in');

export const LOCKED_FILE = path.join(PYTHON_SOURCES, 'requirements.txt');

/** What computes on NVIDIA GPUs by a version of CUDA, with hashes. */
export const cudaFile = (version: number): string =>
  path.join(PYTHON_SOURCES, `cuda${version}.txt`);

/** Where a Python program of the engine lies. */
export const program = (name: 'serve' | 'train' | 'embed' | 'check'): string =>
  path.join(PYTHON_SOURCES, `${name}.py`);

export const BASE_MODEL = {
  id: 'smollm2-135m-instruct',
  folder: path.join(PYTHON_FOLDER, 'models', 'smollm2-135m-instruct'),
  /** Unix seconds, as /v1/models reports it. */
  created: 1_730_419_200,
  /** What its weights take in memory. */
  bytes: 538_060_032,
  license: 'apache-2.0',
} as const;

export const EMBEDDING_MODEL = {
  id: 'all-minilm-l6-v2',
  /** A folder in the layout of the Hugging Face cache, which candding reads. */
  hub: path.join(PYTHON_FOLDER, 'models', 'hub'),
  repository: 'sentence-transformers/all-MiniLM-L6-v2',
  dimensions: 384,
  created: 1_630_281_600,
} as const;

export const BUILT_IN_NAMES: readonly string[] = [BASE_MODEL.id, EMBEDDING_MODEL.id];

export const DEFAULTS = {
  host: '127.0.0.1',
  port: 8090,
  stateFolder: path.join(STATE_ROOT, 'engine'),
  /** Bytes of one uploaded file. */
  maxFileBytes: 512 * 1024 * 1024,
  /** Bytes of one JSON request. */
  maxBodyBytes: 16 * 1024 * 1024,
  maxTokens: 256,
} as const;

/** What a fine-tuning job means by "auto". */
export const JOB_DEFAULTS = { epochs: 3, batchSize: 4 } as const;

export const SERVING = {
  /** Rows that a core generates together. */
  maxBatch: 32,
  /** Tuned models of one base kept in memory; of the built-in one each weighs about 115 MB. */
  maxAdapters: 6,
  /** Share of the device's memory for weights, unless the configuration says how much. */
  memoryShare: 2 / 3,
} as const;

const fastBlas = (): string | undefined =>
  process.platform === 'linux' && process.arch === 'x64'
    ? globSync(path.join(PYTHON_FOLDER, 'lib', 'libmkl_rt.so*'))[0]
    : undefined;

/**
 * Environment of a process that computes with mlx. mlx's wheel for Linux carries the reference BLAS, which
 * is 25 times slower than MKL; preloading MKL's dispatcher puts its symbols first. Its threads sleep between products
 * instead of spinning, since other work wants the cores.
 */
export const mlxEnvironment = (): Record<string, string> => {
  const blas = fastBlas();
  return { ...OFFLINE, ...(blas && { LD_PRELOAD: blas, KMP_BLOCKTIME: '0' }) };
};

const OFFLINE = { HF_HUB_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'false' };

export const embeddingEnvironment = (): Record<string, string> => ({
  ...OFFLINE,
  HF_HUB_CACHE: EMBEDDING_MODEL.hub,
  HF_HOME: path.dirname(EMBEDDING_MODEL.hub),
});
