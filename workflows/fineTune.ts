import { defineSearchAttributeKey } from '@temporalio/common';
import {
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { TrainingRows } from '../activities/trainingFile.ts';
import type { JobResult, LastSeen } from '../activities/watchJob.ts';
import type { TrainingSpec } from '../core/spec.ts';
import type { ModelRecord, Progress } from '../core/types.ts';
import { awaitJob, cancelJobs, recordModel, startJob, uploadTrainingFile } from './activities.ts';
import { progress } from './messages.ts';

export interface FineTuneInput {
  endpoint: string;
  /** The model to start from. */
  model: string;
  rows: TrainingRows;
  training: TrainingSpec;
  seed: number;
  /** Part of the tuned model's name. */
  suffix: string;
  /** Where the model belongs in the lineage. */
  lineage: Pick<ModelRecord, 'run' | 'round' | 'role' | 'dataset'>;
}

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
  const { endpoint, model, training, seed, suffix, lineage } = input;
  let note = 'uploading';
  setHandler(progress, (): Progress => ({ done: 0, total: 0, unit: 'steps', note }));

  const file = await uploadTrainingFile({ endpoint, rows: input.rows });
  const { epochs, batchSize, learningRateMultiplier } = training;
  // All that makes the model: two jobs of one key would be the same job twice.
  const key = [
    ...[lineage.run, lineage.round, lineage.role, file.sha256.slice(0, 16), model],
    ...[epochs, batchSize ?? 'auto', learningRateMultiplier ?? 'auto', seed],
  ].join('/');
  try {
    note = 'creating the job';
    const hyperparameters = { epochs, batchSize, learningRateMultiplier };
    const request = { key, model, fileId: file.fileId, ...hyperparameters, seed, suffix };
    const { jobId } = await startJob({ endpoint, request });
    note = 'running';
    const job = await untilFinished(endpoint, jobId, (stall) => {
      note = stall ?? 'running';
    });
    await recordModel({
      model: {
        name: job.model,
        ...lineage,
        endpoint,
        base: model,
        trainingFileSha256: file.sha256,
        trainingRows: file.count,
        jobKey: key,
        jobId,
      },
      trainedTokens: job.trainedTokens,
    });
    return { model: job.model, jobId, rows: file.count };
  } catch (error) {
    if (isCancellation(error))
      // Also finds a job whose id never came back.
      await CancellationScope.nonCancellable(() => cancelJobs({ endpoint, key }));
    throw error;
  }
}

/**
 * Waits for a job. Where it makes no progress for long it is left running, but the `status` query,
 * the workflow's page in the UI and, where the server lets us, its search attribute say so.
 */
async function untilFinished(
  endpoint: string,
  jobId: string,
  say: (stall: string | undefined) => void,
): Promise<JobResult> {
  let stalled: LastSeen | undefined;
  let attribute: string | undefined;
  const tell = (lastSeen: LastSeen | undefined) => {
    stalled = lastSeen;
    const stall = stalled && `no progress since ${new Date(stalled.since).toISOString()}`;
    say(stall);
    setCurrentDetails(
      stalled
        ? `**Job \`${jobId}\` at endpoint "${endpoint}": ${stall}.** Its status is \`${stalled.detail}\`. It is left running; cancelling this workflow cancels it.`
        : '',
    );
    if (!attribute) return;
    const key = defineSearchAttributeKey(attribute, 'KEYWORD');
    upsertSearchAttributes([{ key, value: stalled ? 'JobStalled' : null }]);
  };
  try {
    for (;;) {
      const seen = await awaitJob({ endpoint, jobId, stalled });
      if (seen.state === 'finished') return seen.result;
      if (seen.state === 'stalled') attribute = seen.searchAttribute;
      tell(seen.state === 'stalled' ? seen.lastSeen : undefined);
    }
  } finally {
    if (stalled) tell(undefined);
  }
}
