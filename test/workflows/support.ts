import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { Hold, RunStatus } from '../../core/status.ts';
import type { Job } from '../../testing/jobs.ts';
import type { FineTuneInput, fineTune } from '../../workflows/fineTune.ts';
import { lookUntil } from '../support/lookUntil.ts';
import type { Bench } from '../support/stack.ts';

export const JOBS = '/fine_tuning/jobs';

export type FineTuneHandle = WorkflowHandleWithFirstExecutionRunId<typeof fineTune>;

/** Writes a user's own training file. @returns its path */
export async function writeTrainingFile(
  { folder }: Bench,
  name: string,
  rows: unknown[] = [
    {
      messages: [
        { role: 'user', content: 'Two and two?' },
        { role: 'assistant', content: 'four' },
      ],
    },
  ],
): Promise<string> {
  const path = join(folder, `${name}.jsonl`);
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

/** The input of a fine-tune on a file, whose job and lineage carry `name`. */
export const fineTuneInput = (name: string, path: string): FineTuneInput => ({
  endpoint: 'local',
  model: 'smollm2-135m-instruct',
  rows: { from: 'file', path },
  training: { epochs: 2 },
  seed: 3,
  suffix: 'mine',
  lineage: { run: name, round: 0, role: 'other', dataset: 'mine' },
});

/** Starts `fineTune` by itself, under the id `name`, on a file of its own unless one is given. */
export async function startFineTune(
  bench: Bench,
  name: string,
  path?: string,
): Promise<FineTuneHandle> {
  return bench.temporal.client.workflow.start<typeof fineTune>('fineTune', {
    workflowId: name,
    taskQueue: bench.config.temporal.taskQueue,
    args: [fineTuneInput(name, path ?? (await writeTrainingFile(bench, name)))],
  });
}

/** The jobs that were made for `name`, newest first. */
export const jobsOf = ({ provider }: Bench, name: string): Job[] =>
  provider.jobs.all().filter((job) => job.metadata?.semievol_key?.startsWith(`${name}/`));

/** Waits until there is a job for `name`. */
export async function jobOf(bench: Bench, name: string): Promise<Job> {
  await bench.provider.until(() => jobsOf(bench, name).length > 0);
  return jobsOf(bench, name)[0]!;
}

/** Waits until the job has been looked at again, from the first look to its answer. */
export async function untilPolled({ provider }: Bench, id: string): Promise<void> {
  const answered = () =>
    provider.requests({ path: `${JOBS}/${id}`, method: 'GET', status: 200 }).length;
  const before = answered();
  // One look may have been under way.
  await provider.until(() => answered() >= before + 2);
}

/** What a pending activity says of itself to the command line and the UI. */
export interface Pending {
  /** The provider's word, its loss, or how long there was no progress. */
  note?: string;
  /** What it waits for, or why it is tried again. */
  trouble?: string;
}

export async function pendingOf(bench: Bench, workflowId: string): Promise<Pending> {
  const handle = bench.temporal.client.workflow.getHandle(workflowId);
  const [activity] = (await handle.describe()).raw.pendingActivities ?? [];
  const data = activity?.heartbeatDetails?.payloads?.[0]?.data;
  const { note, trouble }: Pending = data ? JSON.parse(Buffer.from(data).toString()) : {};
  return { note, trouble: trouble ?? activity?.lastFailure?.message ?? undefined };
}

/** Looks until the pending activity says what is expected. */
export async function untilPending(
  bench: Bench,
  workflowId: string,
  isAsExpected: (pending: Pending) => boolean,
): Promise<void> {
  await lookUntil(() => pendingOf(bench, workflowId), isAsExpected);
}

/** Waits until a run is held. @returns its status */
export async function untilHeld(
  { temporal }: Pick<Bench, 'temporal'>,
  run: string,
): Promise<RunStatus & { hold: Hold }> {
  const handle = temporal.client.workflow.getHandle(run);
  const status = await lookUntil(
    () => handle.query<RunStatus>('status'),
    ({ hold }) => hold,
  );
  return { ...status, hold: status.hold! };
}

/** The rows of the training file of the latest job whose key names this part. */
export async function taughtBy(
  { provider }: Bench,
  part: string,
): Promise<{ messages: { role: string; content: string }[] }[]> {
  const job = provider.jobs.all().find((one) => one.metadata?.semievol_key?.includes(`/${part}/`));
  const file = await fetch(`${provider.baseURL}/files/${job!.training_file}/content`);
  return (await file.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** All texts in a value, those in payloads decoded. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([key, one]) => `${key} ${textOf(one)}`)
    .join('\n');
}
