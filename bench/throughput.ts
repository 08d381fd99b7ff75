import type { Command } from 'commander';
import { wholeNumber } from '../cli/options.ts';
import { table } from '../cli/table.ts';
import { modelCollaborators } from '../core/collaborators/ofSpec.ts';
import { builtIn } from '../core/registry.ts';
import { count } from '../core/report/format.ts';
import { shotsFor } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import type { ChatMessage } from '../core/types.ts';
import { startBareLoop } from './support/bareLoop.ts';
import type { BenchOptions, BenchResult } from './support/bench.ts';
import { type Leg, measureLeg } from './support/leg.ts';
import { median, wholeNumbers } from './support/lists.ts';
import { example, poolSpec, writePool } from './support/pool.ts';
import { prepareRound, propagateTo } from './support/propagation.ts';
import { Stack } from './support/stack.ts';

export const description =
  'requests/s of propagate, against a bare openai loop with as many in flight; at least 0.95';

const TARGET = 0.95;
const LATENCY_MS = 100;
const LABELLED = 10_000;
/** Large batches: each costs Temporal and the store the same, whatever its size. */
const BATCH = { size: 1_000, window: 4 };
/** Legs of each kind, one of ours beside one of the bare loop's. */
const PAIRS = 2;
/** Different prompts of the bare loop. */
const PROMPTS = 2_000;

interface Options extends BenchOptions {
  inFlight: number[];
  seconds: number;
}

interface Setting {
  inFlight: number;
  workers: number;
}

interface Comparison extends Setting {
  bare: Leg[];
  ours: Leg[];
  /** Of the medians of requests a second. */
  ratio: number;
}

export function addOptions(command: Command): Command {
  return command
    .option('--in-flight <list>', 'requests at the same time', wholeNumbers, [128, 256, 512])
    .option('--seconds <n>', 'about how long a leg takes', wholeNumber(1), 15);
}

export async function run({ inFlight, seconds, say, print }: Options): Promise<BenchResult> {
  const settings = inFlight.flatMap((n) => [1, 2].map((workers) => ({ inFlight: n, workers })));
  const stack = await Stack.open({ latencyMs: LATENCY_MS });
  try {
    say(`${LABELLED} labelled examples: ingest, embed, index`);
    const spec = poolSpec(stack.folder, 'throughput', { batch: BATCH });
    const examples = settings.map((setting) => examplesOf(setting, seconds, spec));
    const unlabelled = examples.reduce((sum, count) => sum + (1 + PAIRS) * count, 0);
    await writePool(stack.folder, { labelled: LABELLED, unlabelled, test: 1 });
    const ref = await prepareRound(stack, spec);
    const prompts = promptsOf(spec);

    const comparisons: Comparison[] = [];
    let from = 0;
    for (const [index, setting] of settings.entries()) {
      const propagateMore = () => {
        const to = from + examples[index]!;
        const done = propagateTo(stack, ref, spec, { from, to });
        from = to;
        return done;
      };
      const requests = examples[index]! * spec.collaborators.length;
      const bare = { model: spec.model.name, prompts, requests };
      const comparison = await compare(stack, setting, propagateMore, bare);
      comparisons.push(comparison);
      say(lineOf(comparison).join('  '));
    }
    print(table(['workers', 'in flight', 'bare', 'ours', 'ratio'], comparisons.map(lineOf)));
    const alone = comparisons.filter(({ workers }) => workers === 1);
    const measured = Math.min(...alone.map(({ ratio }) => ratio));
    return {
      bench: 'throughput',
      measured,
      target: TARGET,
      ok: measured >= TARGET,
      details: { latencyMs: LATENCY_MS, labelled: LABELLED, batch: spec.batch, comparisons },
    };
  } finally {
    await stack.close();
  }
}

/** Runs legs of both kinds in turn, so that a drift of the machine meets both. */
async function compare(
  stack: Stack,
  setting: Setting,
  propagateMore: () => Promise<void>,
  { requests, ...bare }: { model: string; prompts: ChatMessage[][]; requests: number },
): Promise<Comparison> {
  const { workers, inFlight } = setting;
  for (let started = 0; started < workers; started++)
    await stack.startWorker(stack.config({ maxInFlight: inFlight / workers }));
  const loop = startBareLoop({ baseURL: stack.endpoint.baseURL, inFlight, ...bare });
  const runBare = () => measureLeg(stack.endpoint, () => loop.run(requests));
  const runOurs = () => measureLeg(stack.endpoint, propagateMore);
  try {
    // Connections, compiled code, and the number in flight that the worker works up to.
    await runBare();
    await runOurs();
    const legs: Pick<Comparison, 'bare' | 'ours'> = { bare: [], ours: [] };
    for (let pair = 0; pair < PAIRS; pair++) {
      legs.bare.push(await runBare());
      legs.ours.push(await runOurs());
    }
    return { ...setting, ...legs, ratio: rate(legs.ours) / rate(legs.bare) };
  } finally {
    loop.stop();
    await stack.stopWorkers();
  }
}

/** Examples of a leg: whole batches that take about so long. */
function examplesOf({ inFlight }: Setting, seconds: number, spec: RunSpec): number {
  const perSecond = (0.9 * inFlight * 1000) / LATENCY_MS;
  const perBatch = spec.batch.size * spec.collaborators.length;
  return spec.batch.size * Math.ceil((seconds * perSecond) / perBatch);
}

/** Prompts like those of propagate: each collaborator's, with any labelled examples as neighbours. */
function promptsOf(spec: RunSpec): ChatMessage[][] {
  const task = builtIn.task(spec.task);
  const models = modelCollaborators(spec);
  return Array.from({ length: PROMPTS }, (_, index) => {
    const neighbours = Array.from({ length: 6 }, (_, place) => example(index * 6 + place));
    const collaborator = models[index % models.length]!;
    return task.prompt(example(PROMPTS * 6 + index), shotsFor(collaborator, neighbours));
  });
}

const rate = (legs: Leg[]) => median(legs.map(({ perSecond }) => perSecond));

function lineOf({ workers, inFlight, bare, ours, ratio }: Comparison): string[] {
  const perSecond = (legs: Leg[]) => `${count(Math.round(rate(legs)))}/s`;
  return [`${workers}`, `${inFlight}`, perSecond(bare), perSecond(ours), ratio.toFixed(3)];
}
