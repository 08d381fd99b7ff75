import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { Failure } from './errors.ts';
import { findStuck, type Stuck } from './stuck.ts';
import { isPolled } from './taskQueue.ts';

/** A query needs a worker to answer; one that has just died must not hold up the view. */
const QUERY_MS = 5_000;

/** What is known of a workflow of ours at one moment. */
export interface View {
  name: string;
  /** `running`, `completed`, `failed`, `cancelled`, `terminated`, `timed_out`. */
  state: string;
  /** Whether a worker polls the task queue; true of what has ended. */
  workerPolling: boolean;
  /** What keeps it from going on, though it is running. */
  stuck?: Stuck;
  /** How it ended, where it did not complete. */
  failure?: Failure;
}

/** Whether something that runs can go on. */
export async function viewOfRunning(
  client: Client,
  taskQueue: string,
  description: WorkflowExecutionDescription,
): Promise<View> {
  const { workflowId: name } = description;
  const workerPolling = await isPolled(client, taskQueue);
  const stuck = workerPolling ? await findStuck(client, description) : undefined;
  return { name, state: 'running', workerPolling, stuck };
}

/** Whether a workflow can answer now: its worker is there, and its code goes on. */
export const canAnswer = ({ name, workerPolling, stuck }: View): boolean =>
  workerPolling && stuck?.workflowId !== name;

/** Asks a workflow for its `status`; undefined when nobody can answer now. */
export async function query<T>(client: Client, workflowId: string): Promise<T | undefined> {
  try {
    return await client.withDeadline(Date.now() + QUERY_MS, () =>
      client.workflow.getHandle(workflowId).query<T>('status'),
    );
  } catch {
    return undefined;
  }
}
