import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PREFIX = 'semievol-training-';

/**
 * Lends a temporary folder that nobody else may look into, and removes it. Those of processes that
 * were killed go with the next one that is made.
 */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  await sweep();
  const start = await startOf(process.pid);
  const folder = await mkdtemp(
    join(tmpdir(), `${PREFIX}${await place()}-${process.pid}-${start ?? 'x'}-`),
  );
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes the folders of processes of this place that are no longer there. */
async function sweep(): Promise<void> {
  if ((await startOf(process.pid)) === undefined) return; // then nothing is known of others either
  const ours = `${PREFIX}${await place()}-`;
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(ours)) continue;
    const [pid, start] = name.slice(ours.length).split('-');
    if ((await startOf(Number(pid))) === start) continue;
    // That of another user stays.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Where a process number means one process: machines and containers may share a temporary folder. */
async function place(): Promise<string> {
  const numbers = await readlink('/proc/self/ns/pid').catch(() => '');
  return createHash('sha256').update(`${hostname()} ${numbers}`).digest('hex').slice(0, 8);
}

/** When a process began, to be compared only: numbers are given again. Undefined where there is none. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The twenty-second field; the second, in brackets, may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(
    () => ({ stdout: '' }),
  );
  return stdout.trim().replace(/\W+/g, '_') || undefined;
}
