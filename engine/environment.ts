import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ExecaError, execa } from 'execa';
import { lock } from 'proper-lockfile';
import { SemiEvolError } from '../core/errors.ts';
import { pythonIn } from './settings.ts';

/** Something cannot be set up; the message says why and what to do. */
export class SetupError extends SemiEvolError {
  override readonly name = 'SetupError';
}

/** A Python virtual environment that holds what a requirements file lists. */
export interface Environment {
  folder: string;
  /** Path of a file that pins every package, dependencies included: nothing else is installed. */
  requirements: string;
  /** Path of the same with the hashes of the packages' files, where no others may be installed. */
  locked?: string;
}

export interface EnvironmentOptions extends Environment {
  /** Puts more into the folder, which counts as made only once this has ended. */
  furnish?: () => Promise<void>;
  /** Called with one line as each step begins. */
  onProgress?: (line: string) => void;
}

/**
 * Makes the environment anew unless it was made of the requirements as they are now; that costs a
 * few milliseconds. Of processes that want it at the same time one makes it, and the others wait.
 * Gives the path of its Python.
 *
 * @throws SetupError when Python, its venv module or a package cannot be had.
 */
export const ensureEnvironment = async (options: EnvironmentOptions): Promise<string> => {
  if (!(await isReady(options))) {
    const release = await holdPlace(options);
    try {
      // Whoever had the place before may have made it.
      if (!(await isReady(options))) await makeEnvironment(options);
    } finally {
      await release();
    }
  }
  return pythonIn(options.folder);
};

/** Keeps other processes from making the environment. What a killed one held is free after ten seconds. */
const holdPlace = async ({
  folder,
  onProgress = () => {},
}: EnvironmentOptions): Promise<() => Promise<void>> => {
  // There may be no folder yet.
  const options = { realpath: false };
  try {
    await mkdir(path.dirname(folder), { recursive: true });
    return await lock(folder, options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ELOCKED')
      throw new SetupError(`The Python environment cannot be made in ${folder}: ${message}`);
  }
  onProgress('Python environment: another process is making it');
  return lock(folder, { ...options, retries: { forever: true, factor: 1, minTimeout: 200 } });
};

const makeEnvironment = async ({
  furnish = async () => {},
  onProgress = () => {},
  folder,
  requirements,
  locked,
}: EnvironmentOptions): Promise<void> => {
  const made = await hashOf(requirements);
  await rm(folder, { recursive: true, force: true });
  const python = await findPython();
  onProgress(`Python environment (${python}) in ${path.relative('.', folder)}`);
  await createEnvironment(python, folder);
  onProgress(`Python packages of ${path.relative('.', requirements)}`);
  const executable = pythonIn(folder);
  await (locked
    ? installPackages(executable, locked, ['--require-hashes'])
    : installPackages(executable, requirements));
  await furnish();
  await writeFile(markerOf(folder), made);
};

/** Whether the environment was made, completely, of the requirements as they are now. */
export const isReady = async ({ folder, requirements }: Environment): Promise<boolean> => {
  const made = await readFile(markerOf(folder), 'utf8').catch(() => undefined);
  return made === (await hashOf(requirements));
};

/** Runs a command that is part of a set-up; a failure is a SetupError of what `explain` makes of its last lines. */
export const step = async (
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

/** Holds the hash of the requirements; written last, so its presence means "complete". */
const markerOf = (folder: string): string => path.join(folder, '.ready');

export const hashOf = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

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

const createEnvironment = (python: string, folder: string): Promise<void> =>
  step(python, ['-m', 'venv', folder], (output) =>
    /ensurepip|No module named venv/.test(output)
      ? 'Python has no venv module. Debian and Ubuntu: apt install python3-venv.'
      : `Python could not make an environment: ${output}`,
  );

/** Installs what a requirements file lists. @throws SetupError */
export const installPackages = (
  executable: string,
  requirements: string,
  options: string[] = [],
): Promise<void> => {
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check'];
  return step(
    executable,
    [...pip, ...options, '-r', requirements],
    (output) =>
      `pip could not install ${path.relative('.', requirements)}; check the network, pip's index and ` +
      `free disk space. Its last lines:\n${output}`,
  );
};

const lastLines = (output: string): string => output.trim().split('\n').slice(-8).join('\n');
