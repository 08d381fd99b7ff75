import type { Command } from 'commander';
import { planOf } from '../core/plan.ts';
import { count } from '../core/report/format.ts';
import type { byBatch } from '../workflows/index.ts';
import type { BenchOptions, BenchResult } from './support/bench.ts';
import { executions } from './support/executions.ts';
import { wholeNumbers } from './support/lists.ts';
import { measuresTable } from './support/measures.ts';
import { peak, watchMemory } from './support/memory.ts';
import { poolSpec, writePool } from './support/pool.ts';
import { prepareRound } from './support/propagation.ts';
import { Stack } from './support/stack.ts';

export const description =
  "up to a million requests by batch: a worker's memory and histories that do not grow";

/** Growth is that from the smallest to the largest size, as a share. */
const TARGET = { memoryGrowth: 0.2, workerMiB: 1024 };
const COLLABORATORS = [{ name: 'plain', model: 'base', shots: 0 }];
/** Batches at the same time. */
const AT_ONCE = 2;

interface Options extends BenchOptions {
  sizes: number[];
}

interface Measures {
  requests: number;
  answered: number;
  seconds: number;
  perSecond: number;
  /** Most resident memory of the worker. */
  workerMiB: number;
  /** Of the largest execution. */
  historyEvents: number;
}

export function addOptions(command: Command): Command {
  return command.option(
    '--sizes <list>',
    'requests, the first of which fill the batches that are under way at a time',
    wholeNumbers,
    [100_000, 1_000_000],
  );
}

export async function run({ sizes, say, print }: Options): Promise<BenchResult> {
  const all: Measures[] = [];
  for (const requests of sizes.toSorted((a, b) => a - b)) {
    say(`${count(requests)} requests`);
    all.push(await measure(requests));
    print(measuresOf(all));
  }
  const [least, most] = [all[0]!, all.at(-1)!];
  const measured = {
    memoryGrowth: most.workerMiB / least.workerMiB - 1,
    workerMiB: Math.max(...all.map(({ workerMiB }) => workerMiB)),
  };
  return {
    bench: 'batch',
    measured,
    target: TARGET,
    ok:
      measured.memoryGrowth <= TARGET.memoryGrowth &&
      measured.workerMiB < TARGET.workerMiB &&
      all.every(({ answered, requests }) => answered === requests),
    details: { atOnce: AT_ONCE, sizes: all },
  };
}

/** Sends so many requests of collaborators by batch, on a stack of its own. */
async function measure(requests: number): Promise<Measures> {
  const stack = await Stack.open();
  try {
    await writePool(stack.folder, { labelled: 10, unlabelled: requests, test: 1 });
    const spec = poolSpec(stack.folder, 'batch', {
      ...{ collaborators: COLLABORATORS, transport: 'batch', resolution: 'vote' },
    });
    const ref = await prepareRound(stack, spec);
    const config = stack.config({ batches: { atOnce: AT_ONCE } });
    const memory = watchMemory(await stack.startWorker(config));
    const { needs, answers, hasFree, endpoints, batch } = planOf(spec);
    const startedAt = performance.now();
    const { answered } = await stack.client.workflow.execute<typeof byBatch>('byBatch', {
      workflowId: 'by-batch',
      taskQueue: config.temporal.taskQueue,
      args: [
        {
          ...{ ref, phase: 'propagate', paused: false, setting: {} },
          pass: {
            ...{ ref, pass: 'propagate', way: 'vote', setting: {} },
            models: { base: spec.model.name, 'warm-up': spec.model.name },
            fanOut: { ...batch, total: requests, from: 0 },
            ...{ needs, answers, hasFree, endpoints },
          },
        },
      ],
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const samples = await memory.stop();
    const all = await executions(stack.client);
    return {
      ...{ requests, answered, seconds, perSecond: requests / seconds },
      workerMiB: peak(samples),
      historyEvents: Math.max(...all.map(({ historyLength }) => historyLength)),
    };
  } finally {
    await stack.close();
  }
}

const measuresOf = (all: Measures[]): string =>
  measuresTable(
    all,
    ['requests', (one) => one.requests],
    [
      ['answered by batch', (one) => one.answered],
      ['requests/s', (one) => one.perSecond],
      ['worker, MiB', (one) => one.workerMiB],
      ['largest history, events', (one) => one.historyEvents],
    ],
  );
