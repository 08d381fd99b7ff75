import { mkdir, readdir } from 'node:fs/promises';
import { ensureEngine } from '../../engine/setup.ts';
import type { Sizes } from '../../testing/task.ts';
import type { Outcome } from './run.ts';

/** What every kind of chaos needs. */
export interface Setting {
  /** Of the answers, the faults and the moments at which they fall. */
  seed: number;
  sizes: Sizes;
  latencyMs: number;
  pollSeconds: number;
  /** An empty folder for everything. */
  folder: string;
  say(line: string): void;
  signal: AbortSignal;
}

/** Name of the run. */
export const RUN = 'chaos';
/** Differences that a result lists at the most. */
export const SHOWN = 20;

/** All runs together: what takes longer hangs. */
const MOST_MS = 30 * 60_000;

/** Makes what is missing. @returns the signal to end by @throws Error where the folder is not empty */
export async function prepare({
  folder,
  signal,
}: Pick<Setting, 'folder' | 'signal'>): Promise<AbortSignal> {
  await ensureEngine();
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0)
    throw new Error(`${folder} is not empty: name another folder`);
  return AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]);
}

export const secondsOf = ({ begunAt, endedAt }: Outcome) => Math.round((endedAt - begunAt) / 1000);
