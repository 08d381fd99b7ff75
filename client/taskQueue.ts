import type { Client } from '@temporalio/client';

/** `TaskQueueType` of Temporal's API. */
const TASK_QUEUE_TYPE_WORKFLOW = 1;
/** A long poll lasts a minute: a living worker has begun one within this time. */
const POLL_MS = 70_000;

/** Whether a worker is polling the task queue for workflow tasks. */
export async function isPolled(client: Client, taskQueue: string): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
  });
  return (pollers ?? []).some(
    ({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < POLL_MS,
  );
}
