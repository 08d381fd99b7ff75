import { createHash } from 'node:crypto';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { RunSpec } from '../core/spec.ts';
import { dataFingerprint } from '../data/fingerprint.ts';
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

/** A run as it is asked for. */
export interface RunRequest {
  /** As it is written: the same files in another folder are the same run. */
  spec: RunSpec;
  /** The folder that relative paths of data files start at, absolute: a worker works in another. */
  folder: string;
}

/** In what the run of this name differs from what is asked for now, if it does. */
export async function difference(
  client: Client,
  request: RunRequest,
): Promise<'spec' | 'data' | undefined> {
  const { memo = {} } = await client.workflow.getHandle(request.spec.name).describe();
  if (memo.spec !== undefined && memo.spec !== fingerprint(request.spec)) return 'spec';
  if (memo.data === undefined) return undefined;
  const data = await dataFingerprintOf(request);
  return data !== undefined && data !== memo.data ? 'data' : undefined;
}

const fingerprint = (spec: RunSpec) =>
  createHash('sha256').update(JSON.stringify(spec)).digest('hex');

const dataFingerprintOf = ({ spec, folder }: RunRequest) =>
  dataFingerprint({ data: spec.data, folder });

/**
 * Starts a run, or attaches to it where it is running; after a failure or a cancellation it starts
 * again and reuses what the store has. A completed run stays as it is.
 */
export async function startRun(
  client: Client,
  taskQueue: string,
  request: RunRequest,
): Promise<void> {
  const { spec, folder } = request;
  const data = await dataFingerprintOf(request);
  try {
    await client.workflow.start<typeof evolve>('evolve', {
      workflowId: spec.name,
      taskQueue,
      args: [{ run: spec.name, spec, folder }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'USE_EXISTING',
      memo: { spec: fingerprint(spec), ...(data && { data }) },
      staticSummary: `SemiEvol: ${spec.task.type} with ${spec.model.name}`,
    });
  } catch (error) {
    // It completed since we looked.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
