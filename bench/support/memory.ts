import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const SAMPLE_MS = 500;

/** Watches the resident memory of a process until `peak` asks for the most there was, in MiB. */
export function watchMemory(pid: number): { peak(): Promise<number> } {
  const stop = new AbortController();
  const watching = watch(pid, stop.signal);
  watching.catch(() => {}); // told by `peak`
  return {
    peak() {
      stop.abort();
      return watching;
    },
  };
}

async function watch(pid: number, signal: AbortSignal): Promise<number> {
  let peak = 0;
  while (!signal.aborted) {
    peak = Math.max(peak, await residentMiB(pid));
    await sleep(SAMPLE_MS, undefined, { signal }).catch(() => {});
  }
  return peak;
}

async function residentMiB(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', `${pid}`]);
  return Number(stdout) / 1024;
}
