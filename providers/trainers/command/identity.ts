import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A process as there is no other: numbers are given again, with another beginning. */
export interface ProcessIdentity {
  pid: number;
  /** When it began, in a form of the system's own. */
  since: string;
}

/** The process that has this number now; undefined where there is none, or only what is left of one. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const since = process.platform === 'linux' ? await onLinux(pid) : await byPs(pid);
  return since === undefined ? undefined : { pid, since };
}

/** Whether this very process still runs. */
export async function isAlive({ pid, since }: ProcessIdentity): Promise<boolean> {
  return (await identityOf(pid))?.since === since;
}

/** Ticks since the system came up. */
async function onLinux(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // Behind the program's name, which may hold anything: the state is the 3rd field, the start the 22nd.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields && !['Z', 'X'].includes(fields[0]!) ? fields[19] : undefined;
}

async function byPs(pid: number): Promise<string | undefined> {
  const asked = promisify(execFile)('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
  const [, state, since] =
    (await asked.catch(() => undefined))?.stdout.match(/^(\S+)\s+(.+)/) ?? [];
  return state?.startsWith('Z') ? undefined : since?.trim();
}
