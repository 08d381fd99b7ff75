import { createHash } from 'node:crypto';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import canonicalize from 'canonicalize';
import { RunConflict } from './errors.ts';
import type { WorkState } from './handle.ts';
import type { Work } from './work.ts';

/** Where work of a name stands. */
export async function stateOf(client: Client, name: string): Promise<WorkState> {
  try {
    const { status } = await client.workflow.getHandle(name).describe();
    if (status.name === 'RUNNING' || status.name === 'COMPLETED')
      return status.name === 'RUNNING' ? 'running' : 'completed';
    return 'ended-early';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'none';
    throw error;
  }
}

/** In what the work that was begun under its name differs from this, if it does. */
export async function difference(client: Client, work: Work): Promise<'spec' | 'data' | undefined> {
  const { type, memo = {} } = await client.workflow.getHandle(work.name).describe();
  if (type !== work.type) return 'spec';
  if (memo.spec !== undefined && memo.spec !== fingerprint(work.spec)) return 'spec';
  if (memo.data === undefined) return undefined;
  const data = await work.data();
  return data !== undefined && data !== memo.data ? 'data' : undefined;
}

/**
 * Begins work, or attaches to it where it is running; after a failure or a cancellation it begins
 * again and reuses what is stored. What has completed stays as it is.
 * @returns where it stood before
 * @throws RunConflict
 */
export async function startOnce(client: Client, taskQueue: string, work: Work): Promise<WorkState> {
  const before = await stateOf(client, work.name);
  if (before === 'running' || before === 'completed') {
    const differs = await difference(client, work);
    if (differs) throw new RunConflict(work.name, differs);
    return before;
  }
  if (before === 'ended-early' && (await typeOf(client, work.name)) !== work.type)
    throw new RunConflict(work.name, 'spec');
  const data = await work.data();
  try {
    await client.workflow.start(work.type, {
      workflowId: work.name,
      taskQueue,
      args: [work.input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      memo: { spec: fingerprint(work.spec), ...(data && { data }) },
      staticSummary: work.summary,
      staticDetails: work.details,
    });
    return before;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return startOnce(client, taskQueue, work); // somebody was faster
  }
}

/** The order of fields means nothing. */
const typeOf = async (client: Client, name: string): Promise<string> =>
  (await client.workflow.getHandle(name).describe()).type;

const fingerprint = (spec: object) =>
  createHash('sha256').update(canonicalize(spec)!).digest('hex');
