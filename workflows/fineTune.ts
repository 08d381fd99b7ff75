import { defineSearchAttributeKey } from '@temporalio/common';
import {
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { JobInput, RecordModelInput } from '../activities/fineTune.ts';
import type { ModelOrder } from '../activities/trainingOrder.ts';
import type { LastSeen } from '../activities/watchJob.ts';
import type { Setting } from '../core/plan.ts';
import type { Progress } from '../core/types.ts';
import { activitiesWith, type Perform } from './activities.ts';
import { progress } from './messages.ts';

/** One fine-tuning job to supervise. */
export interface FineTuneInput extends ModelOrder {
  /** Its name in the configuration. */
  endpoint: string;
  setting?: Setting;
}

/** What a fine-tuning job has come to. */
export interface FineTuneResult {
  model: string;
  jobId: string;
  /** Rows of the training file. */
  rows: number;
}

/**
 * Supervises one fine-tuning job from file to model, so that whatever fails on the way, there is
 * one job and it is cancelled with the workflow. Useful by itself for any fine-tuning job.
 */
export async function fineTune(input: FineTuneInput): Promise<FineTuneResult> {
  const { endpoint, setting, ...order } = input;
  const perform = activitiesWith(setting?.activityOptions);
  let note = 'uploading';
  setHandler(progress, (): Progress => ({ done: 0, total: 0, unit: 'steps', note }));

  const { count, ...file } = await perform.uploadTrainingFile(
    { endpoint, order },
    `upload the training file to ${endpoint}`,
  );
  const work: JobInput = { endpoint, order: { ...order, ...file } };
  let jobId: string | undefined;
  try {
    note = 'creating the job';
    const started = await perform.startJob(work, `adopt or create the job at ${endpoint}`);
    ({ jobId } = started);
    note = 'running';
    const tuned = await untilFinished(perform, work, jobId, (stall) => {
      note = stall ?? 'running';
    });
    await perform.recordModel(
      { ...work, started, tuned, rows: count },
      `record model ${tuned.model}`,
    );
    return { model: tuned.model, jobId, rows: count };
  } catch (error) {
    if (isCancellation(error))
      // Also finds a job whose id never came back.
      await CancellationScope.nonCancellable(() =>
        perform.cancelJobs(
          { ...work, jobId },
          `cancel job ${jobId ?? 'if there is one'} at ${endpoint}`,
        ),
      );
    throw error;
  }
}

/**
 * Waits for a job. Where it makes no progress for long it is left running, but the `status` query,
 * the workflow's page in the UI and, where the server lets us, its search attribute say so.
 */
async function untilFinished(
  perform: Perform,
  work: JobInput,
  jobId: string,
  say: (stall: string | undefined) => void,
): Promise<RecordModelInput['tuned']> {
  let stalled: LastSeen | undefined;
  let attribute: string | undefined;
  const tell = (lastSeen: LastSeen | undefined) => {
    stalled = lastSeen;
    const stall = stalled && `no progress since ${new Date(stalled.since).toISOString()}`;
    say(stall);
    setCurrentDetails(
      stalled
        ? `**Job \`${jobId}\` at endpoint "${work.endpoint}": ${stall}.** Its status is \`${stalled.detail}\`. It is left running; cancelling this workflow cancels it.`
        : '',
    );
    if (!attribute) return;
    const key = defineSearchAttributeKey(attribute, 'KEYWORD');
    upsertSearchAttributes([{ key, value: stalled ? 'JobStalled' : null }]);
  };
  try {
    for (;;) {
      const seen = await perform.awaitJob(
        { ...work, jobId, stalled },
        `${stalled ? 'stalled: ' : ''}waiting for job ${jobId} at ${work.endpoint}`,
      );
      if (seen.state === 'finished') return seen.result;
      if (seen.state === 'stalled') attribute = seen.searchAttribute;
      tell(seen.state === 'stalled' ? seen.lastSeen : undefined);
    }
  } finally {
    if (stalled) tell(undefined);
  }
}
