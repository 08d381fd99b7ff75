import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { SemiEvolClient } from '../client/client.ts';
import { RunFailed, RunNotFound, RunNotRunning } from '../client/errors.ts';
import type { RunSpec } from '../core/spec.ts';
import { type DemoSizes, writeDemoData } from '../demo/data.ts';
import { demoSpec } from '../demo/spec.ts';
import { CliError } from './errors.ts';

/** A run of the demo, and the folder of its data. */
export interface DemoRun {
  spec: RunSpec;
  folder: string;
}

/** What a demo is asked for. The same again means the same run, so its name is made of this. */
export interface DemoRequest extends DemoSizes {
  /** Folder of the stack; the data of each run lie below it. */
  state: string;
  seed: number;
}

const demoFolder = ({ state }: DemoRequest) => resolve(state, 'demo');

const baseName = ({ labelled, unlabelled, test, seed }: DemoRequest) =>
  `demo-l${labelled}-u${unlabelled}-t${test}-s${seed}`;

const attemptOf = (name: string) => Number(name.split('.')[1] ?? 1);

/** Names of the runs of this request so far, oldest first. */
export async function earlierAttempts(request: DemoRequest): Promise<string[]> {
  const base = baseName(request);
  const folders = await readdir(demoFolder(request)).catch(() => []);
  return folders
    .filter((name) => name === base || name.startsWith(`${base}.`))
    .sort((a, b) => attemptOf(a) - attemptOf(b));
}

/** The name that follows after `last`, or the first one. */
export function nextName(request: DemoRequest, last?: string): string {
  return last ? `${baseName(request)}.${attemptOf(last) + 1}` : baseName(request);
}

/** Writes the data of a run, and gives the run. @throws CliError when there are not that many. */
export async function prepare(request: DemoRequest, name: string): Promise<DemoRun> {
  const folder = join(demoFolder(request), name);
  try {
    await writeDemoData(folder, request, request.seed);
  } catch (error) {
    if (error instanceof RangeError) throw new CliError(error.message);
    throw error;
  }
  return { spec: demoSpec(name, request.seed), folder };
}

/**
 * The run to do: `run`, unless the one of its name was started with another spec or other data, by an earlier version
 * of the demo. That one is cancelled where it is running, and the next name taken.
 */
export async function ownRun(
  client: SemiEvolClient,
  request: DemoRequest,
  run: DemoRun,
  say: (line: string) => void,
): Promise<DemoRun> {
  const last = run.spec.name;
  const known = (await client.stateOf(last)) !== 'none';
  const other = known && (await client.difference(run.spec, run));
  if (!other) return run;
  const name = nextName(request, last);
  say(
    `${last} was started with another spec or other data, those of an earlier demo: ${name} starts anew`,
  );
  await cancelRuns(client, [last]);
  return ownRun(client, request, await prepare(request, name), say);
}

/** A run begun anew must not share the machine with its predecessors. */
export async function cancelRuns(client: SemiEvolClient, runs: string[]): Promise<void> {
  for (const run of runs)
    try {
      await client.get(run).cancel();
      await client.get(run).result();
    } catch (error) {
      const isOver = [RunNotFound, RunNotRunning, RunFailed].some((one) => error instanceof one);
      if (!isOver) throw error;
    }
}
