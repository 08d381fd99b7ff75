import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import type { RunSpec } from '../core/spec.ts';
import { demoSpec } from '../demo/spec.ts';
import { type DemoSizes, writeDemoData } from '../demo/wordnet.ts';
import { CliError } from './errors.ts';
import { withDataFolder } from './run-spec.ts';
import { hasOtherSpec, runState } from './start-run.ts';

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

/** Writes the data of a run, and gives its spec. @throws CliError when there are not that many. */
export async function prepare(request: DemoRequest, name: string): Promise<RunSpec> {
  const folder = join(demoFolder(request), name);
  try {
    await writeDemoData(folder, request, request.seed);
  } catch (error) {
    if (error instanceof RangeError) throw new CliError(error.message);
    throw error;
  }
  return withDataFolder(demoSpec(name, request.seed), folder);
}

/**
 * The spec to run: `spec`, unless the run of its name was started with another one, by an earlier version of the
 * demo. That one is cancelled where it is running, and the next name taken.
 */
export async function ownSpec(
  client: Client,
  request: DemoRequest,
  spec: RunSpec,
  say: (line: string) => void,
): Promise<RunSpec> {
  const known = (await runState(client, spec.name)) !== 'none';
  if (!known || !(await hasOtherSpec(client, spec))) return spec;
  const name = nextName(request, spec.name);
  say(`${spec.name} was started with another spec, that of an earlier demo: ${name} starts anew`);
  await cancelRuns(client, [spec.name]);
  return ownSpec(client, request, await prepare(request, name), say);
}

/** A run begun anew must not share the machine with its predecessors. */
export async function cancelRuns(client: Client, runs: string[]): Promise<void> {
  for (const run of runs) {
    if ((await runState(client, run)) !== 'running') continue;
    const handle = client.workflow.getHandle(run);
    await handle.cancel();
    await handle.result().catch(() => undefined);
  }
}
