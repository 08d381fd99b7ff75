import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch } from '../../testing/batches.ts';
import type { Job } from '../../testing/jobs.ts';
import type { Arena } from './arena.ts';
import type { Place } from './places/place.ts';

/** What a run that has ended may leave. */
interface Leavings {
  arena: Arena;
  folder: string;
  jobs: readonly Job[];
  batches: readonly Batch[];
}

const OVER = ['succeeded', 'completed', 'failed', 'expired', 'cancelled'];
/** Whoever takes down what nobody asks any more looks for that every so often. */
const PATIENCE_MS = 90_000;
const LOOK_MS = 500;

/** What goes on at providers, on the server or at the place after a run has ended, in words. */
export async function leftRunning(
  place: Place,
  { arena, folder, jobs, batches }: Leavings,
): Promise<string[]> {
  const going = [...jobs, ...batches].filter(({ status }) => !OVER.includes(status));
  const addresses = arena.stands.map(({ address }) => address);
  const others = async () => [
    ...(await runningWorkflows(arena)),
    ...((await place.left?.(folder, addresses)) ?? []),
  ];
  const until = Date.now() + PATIENCE_MS;
  let left = await others();
  while (left.length > 0 && Date.now() < until) {
    await sleep(LOOK_MS);
    left = await others();
  }
  return [...going.map(({ id, status }) => `${id} is ${status}`), ...left];
}

async function runningWorkflows({ client }: Arena): Promise<string[]> {
  const found: string[] = [];
  for await (const one of client.temporal.workflow.list({ query: 'ExecutionStatus = "Running"' }))
    found.push(`workflow ${one.workflowId}`);
  return found;
}
