import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { ModelRecord } from '../core/types.ts';
import { OpenAITrainer } from '../providers/openaiTrainer.ts';
import type { Job, JobRequest, Trainer } from '../providers/trainer.ts';
import { noUsage } from '../store/usage.ts';
import type { Dependencies } from './dependencies.ts';
import { tracked } from './progress.ts';
import { type TrainingRows, withTrainingFile } from './trainingFile.ts';

/** Characters of a provider's reason that are passed on. */
const MESSAGE = 300;

export interface UploadInput {
  endpoint: string;
  rows: TrainingRows;
}

export interface UploadedFile {
  fileId: string;
  sha256: string;
  /** Lines of the file. */
  count: number;
}

export interface JobInput {
  endpoint: string;
  request: JobRequest;
}

/** A finished job. */
export interface JobResult {
  jobId: string;
  model: string;
  trainedTokens: number;
}

export function createFineTune(dependencies: Dependencies) {
  const { store, endpoints } = dependencies;
  const trainerOf = (endpoint: string): Trainer => new OpenAITrainer(endpoints.get(endpoint));

  return {
    /** Writes the training file as a stream and uploads it, unless its content is there already. */
    async uploadTrainingFile({ endpoint, rows }: UploadInput): Promise<UploadedFile> {
      return tracked({ total: 0, unit: 'rows' }, (tracker) =>
        withTrainingFile(dependencies, rows, tracker, async (file, count) => ({
          fileId: await trainerOf(endpoint).upload(file, tracker.signal),
          sha256: file.sha256,
          count,
        })),
      );
    },

    /** Adopts the job of the request's key, or creates it. */
    async startJob({ endpoint, request }: JobInput): Promise<{ jobId: string }> {
      return tracked({ total: 1, unit: 'jobs' }, async () => ({
        jobId: (await trainerOf(endpoint).adoptOrCreate(request)).id,
      }));
    },

    /**
     * Waits for a job, however long it takes, heartbeating its steps.
     * @throws ApplicationFailure, non-retryable, for a job that ended without a model
     */
    async awaitJob(input: { endpoint: string; jobId: string }): Promise<JobResult> {
      const { pollSeconds } = endpoints.get(input.endpoint).config;
      const trainer = trainerOf(input.endpoint);
      return tracked({ total: 0, unit: 'steps', note: 'queued' }, async (tracker) => {
        for (;;) {
          const job = await trainer.poll(input.jobId, tracker.signal);
          const result = finished(job);
          if (result) return result;
          tracker.set({
            done: job.step ?? 0,
            total: job.totalSteps ?? 0,
            note: job.loss === undefined ? job.detail : `loss ${job.loss.toFixed(3)}`,
          });
          await sleep(pollSeconds * 1000, undefined, { signal: tracker.signal });
        }
      });
    },

    /** Cancels the jobs of a key that have not ended. */
    async cancelJobs({ endpoint, key }: { endpoint: string; key: string }): Promise<number> {
      return trainerOf(endpoint).cancel(key);
    },

    /** Records a model's lineage, and what its training cost. */
    async recordModel(input: {
      model: Omit<ModelRecord, 'createdAt'>;
      trainedTokens: number;
    }): Promise<void> {
      const { model, trainedTokens } = input;
      await store.models.add({ ...model, createdAt: new Date().toISOString() });
      await store.run(model.run, model.dataset).addSpend({
        key: `fine-tune/${model.jobKey}`,
        round: model.round,
        phase: model.role,
        model: model.base,
        usage: { ...noUsage, requests: 1, trainedTokens },
      });
    },
  };
}

/** The result of a job that succeeded; undefined while it goes on. */
function finished(job: Job): JobResult | undefined {
  const ended = (type: string, message: string) =>
    ApplicationFailure.nonRetryable(`fine-tuning job ${job.id} ${message}`, type);
  switch (job.state) {
    case 'succeeded':
      if (!job.model) throw ended('JobWithoutModel', 'succeeded but names no model');
      return { jobId: job.id, model: job.model, trainedTokens: job.trainedTokens };
    case 'failed':
      throw ended(
        'JobFailed',
        `failed: ${job.message?.slice(0, MESSAGE) ?? 'the provider gives no reason'}`,
      );
    case 'cancelled':
      throw ended('JobCancelled', 'was cancelled at the provider; run again for a new job');
    case 'vanished':
      throw ended('JobVanished', 'is no longer known to the provider; run again for a new job');
    default:
      return undefined;
  }
}
