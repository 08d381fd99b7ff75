import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createDisplay, follow } from '../cli/progress.ts';
import { SemiEvolClient } from '../client/client.ts';
import { count } from '../core/report/format.ts';
import type { BenchOptions, BenchResult } from './support/bench.ts';
import { executions } from './support/executions.ts';
import { wholeNumbers } from './support/lists.ts';
import { measuresTable, whole } from './support/measures.ts';
import { peak, watchMemory } from './support/memory.ts';
import { poolSpec, writePool } from './support/pool.ts';
import { roundsOf } from './support/rounds.ts';
import { Stack } from './support/stack.ts';

export const description =
  'pools of 10,000 to a million: memory and histories that do not grow, 20,000 rows/s of ingest';

/** Growth is that from the smallest to the largest pool, as a share. */
const TARGET = { memoryGrowth: 0.2, historyGrowth: 0.2, workerMiB: 1024, rowsPerSecond: 20_000 };
const LABELLED = 1_000;
const TEST = 200;
/** One request an example: two answers from one prompt. */
const COLLABORATORS = [{ name: 'drawn', shots: 3, temperature: 1, samples: 2 }];

interface Options extends BenchOptions {
  sizes: number[];
}

interface Measures {
  unlabelled: number;
  /** Of ingest, all splits together. */
  rowsPerSecond: number;
  /** Most resident memory of the worker from when it began to poll. */
  workerMiB: number;
  /** Of the largest execution of any workflow. */
  historyEvents: number;
  historyKiB: number;
  executions: number;
  storeMiB: number;
  /** By phase. */
  seconds: Record<string, number>;
  phaseMiB: Record<string, number>;
}

export function addOptions(command: Command): Command {
  return command.option(
    '--sizes <list>',
    'unlabelled examples',
    wholeNumbers,
    [10_000, 100_000, 1_000_000],
  );
}

export async function run({ sizes, say, print }: Options): Promise<BenchResult> {
  const all: Measures[] = [];
  for (const unlabelled of sizes.toSorted((a, b) => a - b)) {
    say(`${count(unlabelled)} unlabelled examples`);
    all.push(await measure(unlabelled));
    print(measuresOf(all));
  }
  const [least, most] = [all[0]!, all.at(-1)!];
  const measured = {
    memoryGrowth: most.workerMiB / least.workerMiB - 1,
    historyGrowth: Math.max(
      most.historyEvents / least.historyEvents - 1,
      most.historyKiB / least.historyKiB - 1,
    ),
    workerMiB: Math.max(...all.map(({ workerMiB }) => workerMiB)),
    rowsPerSecond: most.rowsPerSecond,
  };
  return {
    bench: 'pool',
    measured,
    target: TARGET,
    ok:
      measured.memoryGrowth <= TARGET.memoryGrowth &&
      measured.historyGrowth <= TARGET.historyGrowth &&
      measured.workerMiB < TARGET.workerMiB &&
      measured.rowsPerSecond >= TARGET.rowsPerSecond,
    details: { labelled: LABELLED, test: TEST, pools: all },
  };
}

/** A whole round over a pool, on a stack of its own. */
async function measure(unlabelled: number): Promise<Measures> {
  const stack = await Stack.open({ dissent: 0.02 });
  try {
    const sizes = { labelled: LABELLED, unlabelled, test: TEST };
    await writePool(stack.folder, sizes);
    const spec = poolSpec(stack.folder, 'pool', { collaborators: COLLABORATORS });
    const config = stack.config();
    const memory = watchMemory(await stack.startWorker(config));
    const run = await new SemiEvolClient(stack.client, config).start(spec);
    await follow(run, createDisplay(), new AbortController().signal);
    const samples = await memory.stop();
    const all = await executions(stack.client);
    const [round] = await roundsOf(stack.client, all);
    const { phases, seconds } = round!;
    const rows = Object.values(sizes).reduce((sum, count) => sum + count, 0);
    return {
      unlabelled,
      rowsPerSecond: rows / seconds.ingest!,
      workerMiB: peak(samples),
      historyEvents: Math.max(...all.map(({ historyLength }) => historyLength)),
      historyKiB: Math.max(...all.map(({ historySize }) => historySize! / 1024)),
      executions: all.length,
      storeMiB: (await bytesIn(config.store.uri)) / 1024 ** 2,
      seconds,
      phaseMiB: Object.fromEntries(
        phases.map(({ name, from, to }) => [name, peak(samples, from, to)]),
      ),
    };
  } finally {
    await stack.close();
  }
}

/** Size of all files in a folder and those within. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  let bytes = 0;
  for (const { parentPath, name } of files) bytes += (await stat(join(parentPath, name))).size;
  return bytes;
}

const measuresOf = (all: Measures[]): string =>
  measuresTable(
    all,
    ['unlabelled', (one) => one.unlabelled],
    [
      ['rows/s of ingest', (one) => one.rowsPerSecond],
      ['worker, MiB', (one) => one.workerMiB],
      ['largest history, events', (one) => one.historyEvents],
      ['largest history, KiB', (one) => one.historyKiB],
      ['executions', (one) => one.executions],
      ['store, MiB', (one) => one.storeMiB],
      ...Object.keys(all[0]!.phaseMiB).map((phase): [string, (one: Measures) => string] => [
        `${phase}, s (worker, MiB)`,
        (one) => `${one.seconds[phase]!.toFixed(1)} (${whole(one.phaseMiB[phase]!)})`,
      ]),
      ['between, s', (one) => one.seconds.between!],
    ],
  );
