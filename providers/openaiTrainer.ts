import { APIError, type OpenAI } from 'openai';
import { passingFailure } from '../core/failures.ts';
import type { Endpoint } from './endpoint.ts';
import { UnreadableAnswer } from './errors.ts';
import { fileForm } from './fileForm.ts';
import { jobState } from './jobState.ts';
import { isOf, KEY, type ProviderJob } from './ownership.ts';
import { redacted } from './redacted.ts';
import { saidBy } from './said.ts';
import { isServed } from './servedModel.ts';
import type { Job, JobRequest, Trainer, TrainingFile } from './trainer.ts';
import { answerOf, itemsOf, jobIn, withId } from './wire.ts';

/** For the whole of a file, which may have 512 MB and a slow line; other requests are short. */
const UPLOAD_TIMEOUT_MS = 4 * 3_600_000;
/** Jobs of a page, where they cannot be asked for by their key. */
const PAGE = 100;

/** Fine-tuning over OpenAI's wire: files and fine_tuning/jobs. */
export class OpenAITrainer implements Trainer {
  readonly #endpoint: Endpoint;
  readonly #client: OpenAI;
  /** A create or upload whose answer was lost may have been done: it is never sent again unseen. */
  readonly #once: OpenAI;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.#client = endpoint.client;
    this.#once = endpoint.client.withOptions({ maxRetries: 0 });
  }

  async upload(file: TrainingFile, name: string, signal?: AbortSignal): Promise<string> {
    return this.#failing(async () => {
      const files = itemsOf<OpenAI.FileObject>((after) =>
        this.#client.files.list({ purpose: 'fine-tune', after }, { signal }),
      );
      for await (const known of files)
        if (known.filename === name && known.bytes === file.bytes && known.status !== 'error')
          return known.id;
      const created = this.#once.post<OpenAI.FileObject>('/files', {
        ...(await fileForm(file.path, name)),
        signal,
        timeout: UPLOAD_TIMEOUT_MS,
      });
      return (await answerOf(created, withId)).id;
    });
  }

  async adoptOrCreate(request: JobRequest): Promise<Job> {
    return this.#failing(async () => {
      const known = await this.#keepOldest(request);
      if (known) return this.#describe(known, request);
      const created = await this.#create(request).catch(ifUnreadable);
      // An earlier attempt that was given up may still have been on its way: look once more.
      const job = (await this.#keepOldest(request)) ?? created;
      if (job instanceof UnreadableAnswer) throw job;
      return this.#describe(job, request);
    }, request.model);
  }

  async poll(jobId: string, request: JobRequest, signal?: AbortSignal): Promise<Job> {
    return this.#failing(async () => {
      const found = await this.#find(jobId, signal);
      if (!found) return vanished(jobId);
      const job = this.#describe(found, request);
      if (job.state === 'running') return { ...job, ...(await this.#progress(jobId, signal)) };
      if (job.state !== 'succeeded' || !job.model) return job;
      return (await isServed(this.#client, job.model, request.model, signal))
        ? job
        : { ...job, state: 'pending', detail: `${job.detail}, but its model does not answer yet` };
    });
  }

  async isListed(jobId: string, request: JobRequest): Promise<boolean> {
    return this.#failing(async () => (await this.#jobsOf(request)).some((job) => job.id === jobId));
  }

  async cancel(request: JobRequest, jobId?: string): Promise<number> {
    return this.#failing(async () => {
      const jobs = await this.#jobsOf(request);
      const isUnlisted = jobId !== undefined && !jobs.some((job) => job.id === jobId);
      const unlisted = isUnlisted ? await this.#find(jobId) : undefined;
      let cancelled = 0;
      for (const job of unlisted ? [unlisted, ...jobs] : jobs)
        if (await this.#cancelGoing(job)) cancelled++;
      return cancelled;
    });
  }

  /** Where a provider takes no metadata, the job is made without: it is recognised otherwise. */
  async #create(request: JobRequest): Promise<ProviderJob> {
    // Without a signal: a job in the making when we are cancelled has to be seen, to be cancelled.
    const send = (metadata?: Record<string, string>) => {
      const creating = this.#once.fineTuning.jobs.create({
        model: request.model,
        training_file: request.fileId,
        suffix: request.suffix,
        seed: request.seed,
        ...(metadata && { metadata }),
        method: {
          type: 'supervised',
          supervised: {
            hyperparameters: {
              n_epochs: request.epochs,
              batch_size: request.batchSize ?? 'auto',
              learning_rate_multiplier: request.learningRateMultiplier ?? 'auto',
            },
          },
        },
      });
      return answerOf(creating, jobIn<ProviderJob>);
    };
    try {
      return await send({ [KEY]: request.key });
    } catch (error) {
      if (!isRefused(error, 400, 422)) throw error;
      return send(); // whatever else it refuses, it refuses again
    }
  }

  /** @returns undefined where the provider itself says that there is no such job */
  async #find(jobId: string, signal?: AbortSignal): Promise<ProviderJob | undefined> {
    try {
      const asked = this.#client.fineTuning.jobs.retrieve(jobId, { signal });
      return await answerOf(asked, jobIn<ProviderJob>);
    } catch (error) {
      if (isRefused(error, 404, 410)) return undefined;
      throw error;
    }
  }

  /** @returns false for a job that has ended, also where it ended just before it was cancelled */
  async #cancelGoing({ id, status }: ProviderJob): Promise<boolean> {
    if (!isGoing(status)) return false;
    try {
      await answerOf(this.#client.fineTuning.jobs.cancel(id), jobIn);
      return true;
    } catch (error) {
      if (!isRefused(error, 400, 404, 409, 422)) throw error;
      const now = await this.#find(id);
      if (!now || !isGoing(now.status)) return false;
      throw passingFailure(
        'NotCancelled',
        `${this.#endpoint.failure(error).message}: fine-tuning job ${id}, which is ${now.status}, is not cancelled yet`,
      );
    }
  }

  /** The oldest usable job of a key; later ones that still go on are cancelled. */
  async #keepOldest(request: JobRequest): Promise<ProviderJob | undefined> {
    const usable = (await this.#jobsOf(request))
      .filter((job) => this.#isUsable(job))
      .sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1));
    const [oldest, ...twins] = usable;
    for (const twin of twins) await this.#cancelGoing(twin);
    return oldest;
  }

  /** Whether it has a model, or may still have one: its name may come a little after its success. */
  #isUsable(job: ProviderJob): boolean {
    const state = jobState(job.status);
    if (state !== 'succeeded') return state === 'pending' || state === 'running';
    const age = Date.now() / 1000 - (job.finished_at ?? 0);
    return Boolean(job.fine_tuned_model) || age < this.#endpoint.config.finalAfterSeconds;
  }

  /** The jobs of a request's key; among all, where they cannot be found by it. */
  async #jobsOf(request: JobRequest): Promise<ProviderJob[]> {
    const keyed = await this.#listed(request, { metadata: { [KEY]: request.key } }).catch(
      (error) => {
        if (isRefused(error, 400, 422)) return [];
        throw error;
      },
    );
    return keyed.length > 0 ? keyed : this.#listed(request, { limit: PAGE });
  }

  async #listed(
    request: JobRequest,
    query: OpenAI.FineTuning.JobListParams,
  ): Promise<ProviderJob[]> {
    const jobs: ProviderJob[] = [];
    // Compared again here, since not every endpoint that takes the filter applies it.
    const listed = itemsOf<ProviderJob>((after) =>
      this.#client.fineTuning.jobs.list({ ...query, after }),
    );
    for await (const job of listed) if (isOf(job, request)) jobs.push(job);
    return jobs;
  }

  #describe(job: ProviderJob, request: JobRequest): Job {
    return {
      id: job.id,
      state: jobState(job.status),
      detail: job.status,
      model: job.fine_tuned_model ?? undefined,
      message: redacted(job.error?.message ?? '') || undefined,
      trainedTokens: job.trained_tokens ?? 0,
      isRecognisable: isOf(job, request),
    };
  }

  /** The newest event, with step, steps and loss of the newest metrics; worth no failure. */
  async #progress(jobId: string, signal?: AbortSignal): Promise<Partial<Job>> {
    const events = await this.#client.fineTuning.jobs
      .listEvents(jobId, { limit: 10 }, { signal })
      .catch(() => undefined);
    const metrics = events?.data?.find((event) => event.type === 'metrics')?.data as
      | { step?: number; total_steps?: number; train_loss?: number }
      | undefined;
    return {
      mark: events?.data?.[0]?.id,
      step: metrics?.step,
      totalSteps: metrics?.total_steps,
      loss: metrics?.train_loss,
    };
  }

  async #failing<T>(call: () => Promise<T>, model?: string): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#endpoint.failure(error, model);
    }
  }
}

/** Whether the provider itself, and not what stands before it, refuses with one of these statuses. */
const isRefused = (error: unknown, ...statuses: number[]): error is APIError =>
  error instanceof APIError && statuses.includes(error.status ?? 0) && saidBy(error) !== undefined;

/** What cannot be read may be that it was done. */
function ifUnreadable(error: unknown): UnreadableAnswer {
  if (error instanceof UnreadableAnswer) return error;
  throw error;
}

const isGoing = (status: string) => ['pending', 'running'].includes(jobState(status));

const vanished = (id: string): Job => ({
  id,
  state: 'vanished',
  detail: 'not known to the provider',
  trainedTokens: 0,
  isRecognisable: true,
});
