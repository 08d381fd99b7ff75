import { table } from '../cli/table.ts';
import { builtIn } from '../core/registry.ts';
import type { RunSpec } from '../core/spec.ts';
import type { evolve } from '../workflows/index.ts';
import { startBareLoop } from './support/bareLoop.ts';
import type { BenchOptions, BenchResult } from './support/bench.ts';
import { executions } from './support/executions.ts';
import { example, poolSpec, writePool } from './support/pool.ts';
import { roundsOf } from './support/rounds.ts';
import { Stack } from './support/stack.ts';

export const description =
  'seconds of each phase of a round when requests and jobs take no time; under 1 s';

const TARGET = 1;
const ROUNDS = 3;
const SIZES = { labelled: 20, unlabelled: 40, test: 20 };

export async function run({ say, print }: BenchOptions): Promise<BenchResult> {
  const stack = await Stack.open();
  try {
    await writePool(stack.folder, SIZES);
    const spec = poolSpec(stack.folder, 'overhead', { rounds: ROUNDS });
    const config = stack.config();
    await stack.startWorker(config);
    say(`${ROUNDS} rounds with ${SIZES.unlabelled} unlabelled examples each`);
    await stack.client.workflow.execute<typeof evolve>('evolve', {
      workflowId: spec.name,
      taskQueue: config.temporal.taskQueue,
      args: [{ run: spec.name, spec }],
    });
    const times = await roundsOf(stack.client, await executions(stack.client));
    const rounds = times.map(({ seconds }) => seconds);
    const requests = (await stack.endpoint.stats()).paths['/chat/completions']!.requests;
    say(`the same ${requests} chat requests by a bare loop`);
    const requestSeconds = await bareSeconds(stack, spec, requests);

    const names = Object.keys(rounds[0]!);
    const column = (phases: Record<string, number>) =>
      names.map((name) => phases[name]!.toFixed(2));
    const head = ['seconds', ...rounds.map((_, index) => `round ${index + 1}`)];
    const columns = rounds.map(column);
    print(
      table(
        head,
        names.map((name, row) => [name, ...columns.map((one) => one[row]!)]),
      ),
    );
    print(`the requests of all rounds by themselves: ${requestSeconds.toFixed(2)} s`);
    const measured = Math.max(...rounds.flatMap((phases) => Object.values(phases)));
    return {
      bench: 'overhead',
      measured,
      target: TARGET,
      ok: measured < TARGET,
      details: { sizes: SIZES, rounds, requests, requestSeconds },
    };
  } finally {
    await stack.close();
  }
}

/** How long the endpoint takes for so many requests, without all that is ours. */
async function bareSeconds(stack: Stack, spec: RunSpec, requests: number): Promise<number> {
  const task = builtIn.task(spec.task);
  const { maxInFlight } = stack.config().endpoints.local!;
  const loop = startBareLoop({
    baseURL: stack.endpoint.baseURL,
    model: spec.model.name,
    prompts: Array.from({ length: SIZES.unlabelled }, (_, index) =>
      task.prompt(
        example(index),
        [1, 2, 3].map((next) => example(index + next)),
      ),
    ),
    inFlight: maxInFlight,
  });
  try {
    await loop.run(maxInFlight); // connects
    const startedAt = performance.now();
    await loop.run(requests);
    return (performance.now() - startedAt) / 1000;
  } finally {
    loop.stop();
  }
}
