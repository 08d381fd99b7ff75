import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { SemiEvolClient } from '../client/client.ts';
import { RunFailed, RunNotFound, RunNotRunning } from '../client/errors.ts';
import type { RunHandle } from '../client/runHandle.ts';
import type { RunSpec } from '../core/spec.ts';
import { type DemoSizes, drawDemoData, partFile, writeDemoData } from '../demo/data.ts';
import { type AskedSizes, mayBeChosen, smallestSizes } from '../demo/estimate.ts';
import { demoSpec } from '../demo/spec.ts';
import { CliError } from './errors.ts';

/** A run of the demo, and the folder of its data. */
export interface DemoRun {
  spec: RunSpec;
  folder: string;
}

/** What a demo is asked for. Sizes that are left out follow from the machine. */
export interface DemoRequest extends AskedSizes {
  /** Folder of the stack; the data of each run lie below it. */
  state: string;
  seed: number;
}

/** One try at a demo, as its name tells it. */
export interface Attempt extends DemoSizes {
  seed: number;
  /** From 1, of those of the same sizes and seed. */
  number: number;
}

const demoFolder = (state: string) => resolve(state, 'demo');

/** The name of an attempt's run: the same sizes and seed again mean the same run. */
export function nameOf({ labelled, unlabelled, test, rounds = 1, seed, number }: Attempt): string {
  const parts = rounds > 1 ? `-r${rounds}` : '';
  const base = `demo-l${labelled}-u${unlabelled}-t${test}-s${seed}${parts}`;
  return number === 1 ? base : `${base}.${number}`;
}

function attemptNamed(name: string): Attempt | undefined {
  const found = /^demo-l(\d+)-u(\d+)-t(\d+)-s(\d+)(?:-r(\d+))?(?:\.(\d+))?$/.exec(name);
  if (!found) return undefined;
  const numbers = found.slice(1).map((one) => Number(one ?? 1));
  const [labelled, unlabelled, test, seed, rounds, number] = numbers as [number, ...number[]];
  return { labelled, unlabelled, test, seed, number, ...(rounds! > 1 && { rounds }) } as Attempt;
}

/**
 * What was tried so far that the same request may have led to, what was used last at the end. Sizes
 * that follow from a machine follow from what else it does, too: one goes on with them.
 */
export async function earlierAttempts(request: DemoRequest): Promise<Attempt[]> {
  const names = await readdir(demoFolder(request.state)).catch(() => []);
  const fitting = names
    .flatMap((name) => attemptNamed(name) ?? [])
    .filter((one) => one.seed === request.seed && mayBeChosen(one, request));
  const used = await Promise.all(
    fitting.map(async (attempt) => ({ attempt, at: await lastUsed(request.state, attempt) })),
  );
  return used
    .sort((a, b) => a.at - b.at || a.attempt.number - b.attempt.number)
    .map(({ attempt }) => attempt);
}

/** The data of an attempt are written whenever it is gone on with. */
async function lastUsed(state: string, attempt: Attempt): Promise<number> {
  const file = join(demoFolder(state), nameOf(attempt), 'test.jsonl');
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
}

/** The attempt with these sizes that follows after earlier ones. */
export function nextAttempt(
  sizes: DemoSizes,
  seed: number,
  earlier: readonly Attempt[] = [],
): Attempt {
  const { labelled, unlabelled, test, rounds = 1 } = sizes;
  const parts = rounds > 1 && { rounds };
  const first = { labelled, unlabelled, test, ...parts, seed, number: 1 };
  const same = earlier.filter((one) => nameOf({ ...one, number: 1 }) === nameOf(first));
  return { ...first, number: Math.max(0, ...same.map(({ number }) => number)) + 1 };
}

/** Before anything is started. @throws CliError when there are not as many definitions. */
export async function assertEnough(request: DemoRequest): Promise<void> {
  await orWrongInput(() => drawDemoData(smallestSizes(request), request.seed));
}

/** Writes the data of an attempt, and gives its run. @throws CliError when there are not that many. */
export async function prepare(state: string, attempt: Attempt): Promise<DemoRun> {
  const name = nameOf(attempt);
  const folder = join(demoFolder(state), name);
  await orWrongInput(() => writeDemoData(folder, attempt, attempt.seed));
  return { spec: demoSpec(name, attempt.seed, attempt.rounds), folder };
}

async function orWrongInput(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RangeError) throw new CliError(error.message);
    throw error;
  }
}

/**
 * The run to do: that of the attempt, unless the one of its name was started with another spec or
 * other data, by an earlier version of the demo. That one is cancelled where it is running, and the
 * next name taken.
 */
export async function ownRun(
  client: SemiEvolClient,
  state: string,
  attempt: Attempt,
  say: (line: string) => void,
): Promise<DemoRun> {
  const run = await prepare(state, attempt);
  const last = run.spec.name;
  const known = (await client.stateOf(last)) !== 'none';
  const other = known && (await client.difference(run.spec, run));
  if (!other) return run;
  const next = nextAttempt(attempt, attempt.seed, [attempt]);
  say(
    `${last} was started with another spec or other data, those of an earlier demo: ${nameOf(next)} starts anew`,
  );
  await cancelRuns(client, [last]);
  return ownRun(client, state, next, say);
}

/**
 * Hands the parts of the unlabelled examples over to a run, one before each round but the first, and
 * calls that round. Ends with the run.
 */
export async function feed(
  run: RunHandle,
  folder: string,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<void> {
  for await (const { status } of run.follow({ signal })) {
    if (!status?.waitsFor || !status.data) continue;
    const { finished } = status.totals;
    if (status.data.segment < finished) {
      const file = partFile(finished + 1);
      const { added } = await run.add({ unlabelled: [file], folder });
      say(`${added.unlabelled} more unlabelled examples have come, by "semievol add"`);
    }
    await run.next();
  }
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
