import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { writeConfig } from '../support/configFile.ts';
import type { Folder } from '../support/folder.ts';

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

/** Writes a configuration module, and returns the option that names it. */
export async function writeConfigOption({ path }: Folder, config: object): Promise<string> {
  return `--config=${await writeConfig(path, config)}`;
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
