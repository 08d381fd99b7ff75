import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  type ProtoFailure,
} from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { CliError, messagesOf } from '../cli/errors.ts';
import { printable } from '../core/text.ts';
import type { PhaseStatus, Progress, RoundStatus, RunStatus } from '../core/types.ts';
import { findStuck, type Stuck } from './stuck.ts';
import { isPolled } from './taskQueue.ts';

/** `TimeoutType` of Temporal's API. */
const HEARTBEAT = 4;
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
  phases: PhaseView[];
  workerPolling: boolean;
  /** What keeps it from going on, though it is running. */
  stuck?: Stuck;
  /** Why it failed, outermost message first. */
  failure?: string[];
  /** The failure's own type, such as `DataError`. */
  failureType?: string;
}

/** A phase with what its activities say. */
export interface PhaseView extends PhaseStatus {
  /** What holds its activities up, or why one is tried again. */
  trouble?: string;
}

/** Looks at a run once. @throws CliError when there is no such run. */
export async function observeRun(client: Client, run: string, taskQueue: string): Promise<RunView> {
  const handle = client.workflow.getHandle(run);
  const description = await describeRun(client, run);
  const state = description.status.name.toLowerCase();
  if (state === 'running') {
    const workerPolling = await isPolled(client, taskQueue);
    if (!workerPolling) return { run, state, phases: [], workerPolling };
    const stuck = await findStuck(client, description);
    if (stuck?.workflowId === run) return { run, state, phases: [], workerPolling, stuck };
    const status = await query<RunStatus>(client, run);
    const phases = status?.roundWorkflowId
      ? await observeRound(client, status.roundWorkflowId)
      : await observePreparation(client, run);
    return { run, state, phases, workerPolling, status, stuck };
  }
  const closed = { run, state, phases: [], workerPolling: true };
  try {
    return { ...closed, status: (await handle.result()) as RunStatus };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const reason = reasonOf(error);
    const failureType =
      reason instanceof ApplicationFailure ? (reason.type ?? undefined) : undefined;
    return { ...closed, failure: messagesOf(reason), failureType };
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
async function observePreparation(client: Client, run: string): Promise<PhaseView[]> {
  const underWay = await activities(client, run);
  const [{ total, unit } = { total: 0, unit: '' }] = underWay.progress;
  const phase: PhaseStatus = { name: 'prepare', state: 'running', done: 0, total, unit };
  return underWay.progress.length > 0 || underWay.trouble
    ? [withActivities(phase, undefined, underWay)]
    : [];
}

async function observeRound(client: Client, workflowId: string): Promise<PhaseView[]> {
  const round = await query<RoundStatus>(client, workflowId);
  return Promise.all(
    (round?.phases ?? []).map(async (phase) =>
      phase.state === 'running' ? withProgress(client, phase, workflowId) : phase,
    ),
  );
}

async function withProgress(
  client: Client,
  phase: PhaseStatus,
  roundWorkflowId: string,
): Promise<PhaseView> {
  const [finished, underWay] = await Promise.all([
    phase.workflowId ? query<Progress>(client, phase.workflowId) : undefined,
    activities(client, phase.workflowId ?? roundWorkflowId),
  ]);
  return withActivities(phase, finished, underWay);
}

/**
 * Adds what the phase's own workflow, and the activities under way, say of their progress. What
 * counts in the phase's unit goes to the sum. The note begins with what holds them up; then comes
 * what they say in words, then the amounts.
 */
export function withActivities(
  phase: PhaseStatus,
  finished: Progress | undefined,
  { progress, trouble }: Activities,
): PhaseView {
  const unit = finished?.unit ?? phase.unit;
  const counted = progress.filter((part) => part.unit === unit);
  const others = progress.filter((part) => part.unit !== unit && part.done > 0);
  const sum = (parts: Progress[], of: 'done' | 'total') =>
    parts.reduce((total, part) => total + part[of], 0);
  const total = finished?.total || phase.total || sum(counted, 'total');
  const done = (finished?.done ?? 0) + sum(counted, 'done');
  const said = [
    ...(trouble ? [trouble] : []),
    ...new Set(progress.flatMap(({ note }) => (note ? printable(note) : []))),
  ];
  const amounts = others.map(
    (part) => `${part.done}${part.total ? `/${part.total}` : ''} ${part.unit}`,
  );
  return {
    ...phase,
    done: total > 0 ? Math.min(done, total) : done,
    total,
    unit,
    note: [...said, ...amounts].join(', ') || finished?.note || phase.note,
    trouble,
  };
}

/** What a workflow's activities under way say. */
export interface Activities {
  progress: Progress[];
  trouble?: string;
}

async function activities(client: Client, workflowId: string): Promise<Activities> {
  const description = await client.workflow
    .getHandle(workflowId)
    .describe()
    .catch(() => undefined);
  const progress: Progress[] = [];
  const troubles: { now?: string; failed?: string; interrupted?: string } = {};
  for (const { attempt, heartbeatDetails, lastFailure } of description?.raw.pendingActivities ??
    []) {
    const [beat] = (await decodeArrayFromPayloads(
      client.options.loadedDataConverter,
      heartbeatDetails?.payloads,
    )) as Progress[];
    if (beat) progress.push(beat);
    if (beat?.trouble) troubles.now ??= printable(beat.trouble);
    if (!lastFailure) continue;
    if (isInterruption(lastFailure)) troubles.interrupted ??= interrupted(attempt ?? 2);
    else troubles.failed ??= `attempt ${attempt}: ${printable(lastFailure.message ?? 'failed')}`;
  }
  return { progress, trouble: troubles.now ?? troubles.failed ?? troubles.interrupted };
}

/** One that ends its worker each time is taken up again and again: then the number tells. */
const interrupted = (attempt: number) =>
  `taken up again after an interruption${attempt > 2 ? ` (attempt ${attempt})` : ''}`;

/** Whether a worker was stopped or killed: another takes the activity up, and nothing is wrong. */
const isInterruption = ({ applicationFailureInfo, timeoutFailureInfo }: ProtoFailure) =>
  applicationFailureInfo?.type === 'WorkerShutdown' ||
  timeoutFailureInfo?.timeoutType === HEARTBEAT;

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
