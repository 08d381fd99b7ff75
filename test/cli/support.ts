import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { writeConfig } from '../support/configFile.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Starts the command line as a process of its own. */
export function startSemievol(args: string[], env: Record<string, string> = {}, cwd = ROOT) {
  return execa(process.execPath, [join(ROOT, 'cli/semievol.ts'), ...args], {
    reject: false,
    cwd,
    env: { NO_COLOR: '1', FORCE_COLOR: undefined, ...env },
  });
}

/** Runs it to its end. */
export async function semievol(args: string[], env?: Record<string, string>) {
  const { exitCode, stdout, stderr } = await startSemievol(args, env);
  return { exitCode, stdout, stderr };
}

/** A folder for files of a test. */
export async function scratch() {
  const folder = await mkdtemp(join(tmpdir(), 'semievol-cli-'));
  return {
    folder,
    async write(name: string, content: string | Uint8Array): Promise<string> {
      const file = join(folder, name);
      await writeFile(file, content);
      return file;
    },
    /** Writes a configuration module, and returns the option that names it. */
    async config(config: object): Promise<string> {
      return `--config=${await writeConfig(folder, config)}`;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export const GOOD_SPEC = `name: good
task:
  type: classification
  labels: [up, down]
data:
  labelled: labelled.csv
  unlabelled: unlabelled.csv
  test: test.csv
`;
