import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const SAMPLE_MS = 500;

export interface MemorySample {
  /** Epoch milliseconds. */
  at: number;
  residentMiB: number;
}

/** Samples the resident memory of a process, twice a second, until `stop` asks for what there was. */
export function watchMemory(pid: number): { stop(): Promise<MemorySample[]> } {
  const end = new AbortController();
  const watching = watch(pid, end.signal);
  watching.catch(() => {}); // told by `stop`
  return {
    stop() {
      end.abort();
      return watching;
    },
  };
}

async function watch(pid: number, signal: AbortSignal): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  while (!signal.aborted) {
    samples.push({ at: Date.now(), residentMiB: await residentMiB(pid) });
    await sleep(SAMPLE_MS, undefined, { signal }).catch(() => {});
  }
  return samples;
}

async function residentMiB(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', `${pid}`]);
  return Number(stdout) / 1024;
}

/** The most there was, of the samples from `from` to `to`. */
export function peak(samples: readonly MemorySample[], from = 0, to = Number.POSITIVE_INFINITY) {
  const during = samples.filter(({ at }) => at >= from && at <= to);
  return during.reduce((most, { residentMiB }) => Math.max(most, residentMiB), 0);
}
