import { createHash } from 'node:crypto';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { RunSpec } from '../core/spec.ts';
import type { evolve } from '../workflows/evolve.ts';

/** Where a run stands: not known to Temporal, at work, or over. */
export type RunState = 'none' | 'running' | 'completed' | 'ended-early';

export async function runState(client: Client, run: string): Promise<RunState> {
  try {
    const { status } = await client.workflow.getHandle(run).describe();
    if (status.name === 'RUNNING' || status.name === 'COMPLETED')
      return status.name === 'RUNNING' ? 'running' : 'completed';
    return 'ended-early';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'none';
    throw error;
  }
}

/** Whether the run of this name was started with another spec. */
export async function hasOtherSpec(client: Client, spec: RunSpec): Promise<boolean> {
  const { memo } = await client.workflow.getHandle(spec.name).describe();
  return memo?.spec !== undefined && memo.spec !== fingerprint(spec);
}

const fingerprint = (spec: RunSpec) =>
  createHash('sha256').update(JSON.stringify(spec)).digest('hex');

/**
 * Starts a run, or attaches to it where it is running; after a failure or a cancellation it starts
 * again and reuses what the store has. A completed run stays as it is.
 * @param spec with absolute data paths: a worker has another working folder
 */
export async function startRun(client: Client, taskQueue: string, spec: RunSpec): Promise<void> {
  try {
    await client.workflow.start<typeof evolve>('evolve', {
      workflowId: spec.name,
      taskQueue,
      args: [{ run: spec.name, spec }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'USE_EXISTING',
      memo: { spec: fingerprint(spec) },
      staticSummary: `SemiEvol: ${spec.task.type} with ${spec.model.name}`,
    });
  } catch (error) {
    // It completed since we looked.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
