import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { printable } from '../core/text.ts';

/** `EventType` of Temporal's API: how a workflow task ended. */
const COMPLETED = 7;
const FAILED = 8;
const TIMED_OUT = 9;
/** `WorkflowTaskFailedCause` of Temporal's API. */
const NON_DETERMINISTIC_ERROR = 24;
/** Events that are looked through for how the last task ended: it is among the last few. */
const EVENTS = 50;

/** A workflow whose code fails again and again: it gets no further, though it counts as running. */
export interface Stuck {
  workflowId: string;
  attempt: number;
  /** What its worker says, and what to do. */
  reason: string;
}

/** The first that is stuck of a workflow and its children. */
export async function findStuck(
  client: Client,
  { workflowId, runId, raw }: WorkflowExecutionDescription,
): Promise<Stuck | undefined> {
  const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
  const reason = attempt > 1 ? await reasonOf(client, workflowId, runId) : undefined;
  if (reason !== undefined) return { workflowId, attempt, reason };
  for (const child of raw.pendingChildren ?? []) {
    const handle = client.workflow.getHandle(child.workflowId!);
    // One that has just ended is stuck no more.
    const description = await handle.describe().catch(() => undefined);
    const stuck = description && (await findStuck(client, description));
    if (stuck) return stuck;
  }
  return undefined;
}

/** Undefined where the last task did not fail: a worker went away, and another takes it over. */
async function reasonOf(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<string | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: EVENTS,
  });
  const last = history?.events?.find(({ eventType }) =>
    [COMPLETED, FAILED, TIMED_OUT].includes(eventType ?? 0),
  );
  const failed = last?.workflowTaskFailedEventAttributes;
  if (!failed) return undefined;
  const error = await decodeOptionalFailureToOptionalError(
    client.options.loadedDataConverter,
    failed.failure,
  );
  const said = printable(error?.message || 'its worker gives no reason');
  return failed.cause === NON_DETERMINISTIC_ERROR
    ? `${said}; the workers' workflow code is not that which it was begun with: start workers of that version (docs/deploying.md), and it goes on`
    : `${said}; the worker's log says more: start workers without this fault, and it goes on`;
}
