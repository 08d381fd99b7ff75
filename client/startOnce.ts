import { createHash } from 'node:crypto';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionDescription,
  WorkflowNotFoundError,
} from '@temporalio/client';
import canonicalize from 'canonicalize';
import { RunConflict } from './errors.ts';
import type { WorkState } from './handle.ts';
import type { Work } from './work.ts';

/** Where work of a name stands. */
export async function stateOf(client: Client, name: string): Promise<WorkState> {
  return stateIn(await describe(client, name));
}

/** In what the work that was begun under its name differs from this, if it does. */
export async function difference(client: Client, work: Work): Promise<'spec' | 'data' | undefined> {
  return differenceFrom(await client.workflow.getHandle(work.name).describe(), work);
}

/**
 * Begins work, or attaches to it where it is running; after a failure or a cancellation it begins
 * again and reuses what is stored. What has completed stays as it is, unless it may be repeated.
 * @returns where it stood before
 * @throws RunConflict
 */
export async function startOnce(client: Client, taskQueue: string, work: Work): Promise<WorkState> {
  const known = await describe(client, work.name);
  const before = stateIn(known);
  const isOver = before === 'ended-early' || (before === 'completed' && work.isRepeatable);
  if (known && !isOver) {
    const differs = await differenceFrom(known, work);
    if (differs) throw new RunConflict(work.name, differs);
    return before;
  }
  if (known && known.type !== work.type) throw new RunConflict(work.name, 'spec');
  const data = await work.data();
  try {
    await client.workflow.start(work.type, {
      workflowId: work.name,
      taskQueue,
      args: [work.input],
      workflowIdReusePolicy: work.isRepeatable ? 'ALLOW_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
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

/** What Temporal knows of work of a name, if anything. */
async function describe(
  client: Client,
  name: string,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(name).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function stateIn(known: WorkflowExecutionDescription | undefined): WorkState {
  if (!known) return 'none';
  if (known.status.name === 'RUNNING') return 'running';
  return known.status.name === 'COMPLETED' ? 'completed' : 'ended-early';
}

async function differenceFrom(
  { type, memo = {} }: WorkflowExecutionDescription,
  work: Work,
): Promise<'spec' | 'data' | undefined> {
  if (type !== work.type) return 'spec';
  if (memo.spec !== undefined && memo.spec !== fingerprint(work.spec)) return 'spec';
  if (memo.data === undefined) return undefined;
  const data = await work.data();
  return data !== undefined && data !== memo.data ? 'data' : undefined;
}

/** The order of fields means nothing. */
const fingerprint = (spec: object) =>
  createHash('sha256').update(canonicalize(spec)!).digest('hex');
