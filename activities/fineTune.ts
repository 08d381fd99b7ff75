import type { ModelRecord } from '../core/types.ts';
import { noUsage } from '../core/usage.ts';
import { OpenAITrainer } from '../providers/openaiTrainer.ts';
import type { JobRequest, Trainer } from '../providers/trainer.ts';
import type { Dependencies } from './dependencies.ts';
import { tracked } from './progress.ts';
import { type TrainingRows, withTrainingFile } from './trainingFile.ts';
import { type JobSighting, type LastSeen, watchJob } from './watchJob.ts';

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

export interface AwaitJobInput {
  endpoint: string;
  jobId: string;
  /** Of a job that makes no progress: it is waited for until it moves on. */
  stalled?: LastSeen;
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
     * Waits for a job, however long it takes, and says when it stalls or moves on again.
     * @throws ApplicationFailure, non-retryable, for a job that ended without a model
     */
    async awaitJob({ endpoint, jobId, stalled }: AwaitJobInput): Promise<JobSighting> {
      return watchJob(trainerOf(endpoint), jobId, endpoints.get(endpoint).config, stalled);
    },

    /** Cancels the jobs of a key that have not ended. */
    async cancelJobs({ endpoint, key }: { endpoint: string; key: string }): Promise<number> {
      return tracked({ total: 1, unit: 'jobs' }, () => trainerOf(endpoint).cancel(key));
    },

    /** Records a model's lineage, and what its training cost. */
    async recordModel(input: {
      model: Omit<ModelRecord, 'createdAt'>;
      trainedTokens: number;
    }): Promise<void> {
      const { model, trainedTokens } = input;
      await tracked({ total: 1, unit: 'models' }, async () => {
        await store.models.add({ ...model, createdAt: new Date().toISOString() });
        await store.run(model.run, model.dataset).addSpend({
          key: `fine-tune/${model.jobKey}`,
          round: model.round,
          phase: model.role,
          model: model.base,
          usage: { ...noUsage, requests: 1, trainedTokens },
        });
      });
    },
  };
}
