import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';

/** Visibility follows the histories by some milliseconds; not by so many. */
const LAG_MS = 10_000;
const PROBE_MS = 100;

/** Every execution there was on a server, the first first, once all of them have ended. */
export async function executions(client: Client): Promise<WorkflowExecutionInfo[]> {
  const deadline = Date.now() + LAG_MS;
  for (;;) {
    const all: WorkflowExecutionInfo[] = [];
    for await (const execution of client.workflow.list()) all.push(execution);
    if (all.every(({ closeTime }) => closeTime))
      return all.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
    if (Date.now() > deadline) throw new Error('workflows of the bench are still running');
    await sleep(PROBE_MS);
  }
}
