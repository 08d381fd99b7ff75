import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ActivityFailure, ChildWorkflowFailure } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { PhaseStatus, Progress, RoundStatus, RunStatus } from '../core/types.ts';
import { CliError, messagesOf } from './errors.ts';
import { isPolled } from './task-queue.ts';

/** A query needs a worker to answer; one that has just died must not hold up the view. */
const QUERY_MS = 5_000;

/** What the command line knows of a run at one moment. */
export interface RunView {
  run: string;
  /** `running`, `completed`, `failed`, `cancelled`, `terminated`, `timed_out`. */
  state: string;
  /** Missing while no worker can answer. */
  status?: RunStatus;
  /** Phases of the round now running. */
  phases: PhaseStatus[];
  workerPolling: boolean;
  /** Why it failed, outermost message first. */
  failure?: string[];
}

/** Looks at a run once. @throws CliError when there is no such run. */
export async function observeRun(client: Client, run: string, taskQueue: string): Promise<RunView> {
  const handle = client.workflow.getHandle(run);
  const description = await describeRun(client, run);
  const state = description.status.name.toLowerCase();
  if (state === 'running') {
    const workerPolling = await isPolled(client, taskQueue);
    if (!workerPolling) return { run, state, phases: [], workerPolling };
    const status = await query<RunStatus>(client, run);
    const phases = status?.roundWorkflowId
      ? await observeRound(client, status.roundWorkflowId)
      : await observePreparation(client, run);
    return { run, state, phases, workerPolling, status };
  }
  const closed = { run, state, phases: [], workerPolling: true };
  try {
    return { ...closed, status: (await handle.result()) as RunStatus };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { ...closed, failure: messagesOf(reasonOf(error)) };
  }
}

/** What went wrong, without Temporal's layers around it, whose messages say nothing more. */
function reasonOf(error: Error): unknown {
  const { cause } = error;
  const isLayer = [WorkflowFailedError, ChildWorkflowFailure, ActivityFailure].some(
    (layer) => error instanceof layer,
  );
  return isLayer && cause instanceof Error ? reasonOf(cause) : error;
}

/** @throws CliError when there is no such run. */
export async function describeRun(
  client: Client,
  run: string,
): Promise<WorkflowExecutionDescription> {
  try {
    return await client.workflow.getHandle(run).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new CliError(`no run "${run}": "semievol status" lists the runs there are`);
    throw error;
  }
}

/** Before the first phase the run checks its endpoints and takes in its data. */
async function observePreparation(client: Client, run: string): Promise<PhaseStatus[]> {
  const { progress, trouble } = await activities(client, run);
  return progress.length > 0 || trouble
    ? [
        {
          done: 0,
          total: 0,
          unit: '',
          ...progress[0],
          name: 'prepare',
          state: 'running',
          note: trouble,
        },
      ]
    : [];
}

async function observeRound(client: Client, workflowId: string): Promise<PhaseStatus[]> {
  const round = await query<RoundStatus>(client, workflowId);
  return Promise.all(
    (round?.phases ?? []).map(async (phase) =>
      phase.state === 'running' ? withProgress(client, phase, workflowId) : phase,
    ),
  );
}

/**
 * Adds what the phase's own workflow, and the activities under way, say of their progress: what
 * counts in the phase's unit goes to the sum, the rest becomes the note.
 */
async function withProgress(
  client: Client,
  phase: PhaseStatus,
  roundWorkflowId: string,
): Promise<PhaseStatus> {
  const [finished, underWay] = await Promise.all([
    phase.workflowId ? query<Progress>(client, phase.workflowId) : undefined,
    activities(client, phase.workflowId ?? roundWorkflowId),
  ]);
  const unit = finished?.unit ?? phase.unit;
  const counted = underWay.progress.filter((part) => part.unit === unit);
  const others = underWay.progress.filter((part) => part.unit !== unit && part.done > 0);
  const sum = (parts: Progress[], of: 'done' | 'total') =>
    parts.reduce((total, part) => total + part[of], 0);
  const total = finished?.total || phase.total || sum(counted, 'total');
  const done = (finished?.done ?? 0) + sum(counted, 'done');
  const notes = [
    ...others.map((part) => `${part.done}${part.total ? `/${part.total}` : ''} ${part.unit}`),
    ...counted.flatMap((part) => part.note ?? []),
  ];
  return {
    ...phase,
    done: total > 0 ? Math.min(done, total) : done,
    total,
    unit,
    note: underWay.trouble ?? (notes.join(', ') || finished?.note || phase.note),
  };
}

interface Activities {
  progress: Progress[];
  /** Why an activity is being tried again. */
  trouble?: string;
}

async function activities(client: Client, workflowId: string): Promise<Activities> {
  const found: Activities = { progress: [] };
  const description = await client.workflow
    .getHandle(workflowId)
    .describe()
    .catch(() => undefined);
  for (const activity of description?.raw.pendingActivities ?? []) {
    const [progress] = await decodeArrayFromPayloads(
      client.options.loadedDataConverter,
      activity.heartbeatDetails?.payloads,
    );
    if (progress) found.progress.push(progress as Progress);
    if (activity.lastFailure?.message)
      found.trouble = `attempt ${activity.attempt}: ${activity.lastFailure.message}`;
  }
  return found;
}

/** Asks a workflow for its `status`; undefined when nobody can answer now. */
async function query<T>(client: Client, workflowId: string): Promise<T | undefined> {
  try {
    return await client.withDeadline(Date.now() + QUERY_MS, () =>
      client.workflow.getHandle(workflowId).query<T>('status'),
    );
  } catch {
    return undefined;
  }
}
