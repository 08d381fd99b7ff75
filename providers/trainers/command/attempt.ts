import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signalGroup } from '../../processGroup.ts';
import { redacted } from '../../redacted.ts';
import { ifThere, numbersIn, readJson } from './files.ts';
import { identityOf, isAlive, type ProcessIdentity } from './identity.ts';
import { lastLines, readLog, type TrainingLog } from './log.ts';
import type { LogSource } from './tools/tool.ts';

/** Files of an attempt's folder. */
export const START = 'start.json';
export const KEEPER = 'keeper.json';
export const END = 'end.json';
export const LOG = 'log.txt';
export const OUTPUT = 'output';

/** Bytes of a log that are read, from its end. */
const TAIL = 64 * 1024;

/** Characters of its end that a message quotes. */
const QUOTED = 200;

/** What a keeper is told to run. */
export interface Start {
  /** Program and arguments. */
  command: readonly string[];
  cwd: string;
  /** Beside the worker's own environment. */
  env: Record<string, string>;
  /** Steps of the whole job, where the tool does not count them itself. */
  steps: number;
  /** Steps that earlier attempts have done, from which this one goes on. */
  done: number;
}

/** How a command ended. */
export interface End {
  code?: number;
  signal?: string;
  /** Why it could not be started. */
  error?: string;
  /** Whether it was its keeper that ended it: its worker died, or the job was cancelled. */
  isStopped: boolean;
}

/** One run of a job's command, as its folder and the processes show it. */
export interface Attempt {
  number: number;
  folder: string;
  start: Start;
  /** `lost` where its keeper was killed, which left nothing. */
  state: 'prepared' | 'running' | 'ended' | 'lost';
  end?: End;
  log: TrainingLog;
  lastLines: string;
}

/** The attempts of a job, the first one first. */
export async function attemptsOf(job: string, source: LogSource): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (const number of await numbersIn(job)) {
    const folder = join(job, String(number));
    const start = await readJson<Start>(join(folder, START));
    if (start) attempts.push({ number, folder, start, ...(await standing(folder, start, source)) });
  }
  return attempts;
}

async function standing(folder: string, start: Start, source: LogSource) {
  const keeper = await readJson<ProcessIdentity>(join(folder, KEEPER));
  const lives = keeper !== undefined && (await isAlive(keeper));
  // Read last: a keeper that was just seen dead has written before it died.
  const end = lives ? undefined : await readJson<End>(join(folder, END));
  const state = !keeper ? 'prepared' : lives ? 'running' : end ? 'ended' : 'lost';
  const output = await tailOf(join(folder, LOG));
  const text = source.file ? await tailOf(join(folder, OUTPUT, source.file)) : output;
  const log = readLog(text, source.patterns);
  const step = log.step === undefined ? undefined : log.step + (source.countsAnew ? start.done : 0);
  return {
    ...({ state, log: { ...log, step, total: log.total ?? start.steps } } as const),
    ...(end && { end }),
    lastLines: redacted(lastLines(output).slice(-QUOTED)),
  };
}

/** Ends an attempt that runs: its keeper ends the rest. One that does not react is killed with its group. */
export async function stopAttempt(folder: string, patienceMs: number): Promise<void> {
  const keeper = await readJson<ProcessIdentity>(join(folder, KEEPER));
  if (!keeper || !(await isAlive(keeper))) return sweep(folder);
  process.kill(keeper.pid, 'SIGTERM');
  const deadline = Date.now() + patienceMs;
  while ((await isAlive(keeper)) && Date.now() < deadline) await sleep(50);
  signalGroup(keeper.pid, 'SIGKILL');
}

/** Kills what a keeper left behind that was killed itself. */
export async function sweep(folder: string): Promise<void> {
  const keeper = await readJson<ProcessIdentity>(join(folder, KEEPER));
  // Where the number is another's now, so may be the group.
  if (keeper && !(await identityOf(keeper.pid))) signalGroup(keeper.pid, 'SIGKILL');
}

async function tailOf(path: string): Promise<string> {
  const file = await ifThere(open(path));
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
