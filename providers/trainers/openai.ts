import { APIError, type OpenAI } from 'openai';
import { z } from 'zod';
import { passingFailure } from '../../core/failures.ts';
import { UnreadableAnswer } from '../errors.ts';
import { fileForm } from '../fileForm.ts';
import { jobState } from '../jobState.ts';
import { isOf, jobBody, KEY, type ProviderJob } from '../openaiJob.ts';
import { redacted } from '../redacted.ts';
import type { Job } from '../remoteJobs.ts';
import { saidBy } from '../said.ts';
import type {
  Trainer,
  TrainerEndpoint,
  TrainerKind,
  TrainingFile,
  TrainingOrder,
  TunedModel,
} from '../trainer.ts';
import { answerOf, itemsOf, jobIn, withId } from '../wire.ts';

/** For the whole of a file, which may have 512 MB and a slow line; other requests are short. */
const UPLOAD_TIMEOUT_MS = 4 * 3_600_000;
/** Jobs of a page, where they cannot be asked for by their key. */
const PAGE = 100;

type TuningJob = Job<TunedModel>;

/** Fine-tuning over OpenAI's wire: `files` and `fine_tuning/jobs`. The default. */
export const openai: TrainerKind = {
  spec: z.strictObject({
    type: z
      .literal('openai')
      .describe("OpenAI's wire, which many others speak: `fine_tuning/jobs`."),
  }),
  create: (endpoint) => new OpenAITrainer(endpoint),
};

class OpenAITrainer implements Trainer {
  readonly #endpoint: TrainerEndpoint;
  readonly #client: OpenAI;
  /** A create or upload whose answer was lost may have been done: it is never sent again unseen. */
  readonly #once: OpenAI;

  constructor(endpoint: TrainerEndpoint) {
    this.#endpoint = endpoint;
    this.#client = endpoint.client;
    this.#once = endpoint.client.withOptions({ maxRetries: 0 });
  }

  async preflight(): Promise<string | undefined> {
    try {
      // The last of the jobs.
      await answerOf(this.#once.fineTuning.jobs.list({ limit: 1 }), () => undefined);
      return undefined;
    } catch (error) {
      if (error instanceof APIError && [404, 405, 501].includes(error.status ?? 0))
        return `endpoint "${this.#endpoint.name}" has no fine-tuning (no fine_tuning/jobs): name under model.endpoint one that trains, too, or another trainer for it in temporal.config.ts`;
      throw this.#endpoint.failure(error);
    }
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

  async adoptOrCreate(order: TrainingOrder): Promise<TuningJob> {
    return this.#failing(async () => {
      const known = await this.#keepOldest(order);
      if (known) return this.#describe(known, order);
      const created = await this.#create(order).catch(ifUnreadable);
      // An earlier attempt that was given up may still have been on its way: look once more.
      const job = (await this.#keepOldest(order)) ?? created;
      if (job instanceof UnreadableAnswer) throw job;
      return this.#describe(job, order);
    }, order.request.model);
  }

  async poll(jobId: string, order: TrainingOrder, signal?: AbortSignal): Promise<TuningJob> {
    return this.#failing(async () => {
      const found = await this.#find(jobId, signal);
      if (!found) return vanished(jobId);
      const job = this.#describe(found, order);
      if (job.state === 'running') return { ...job, ...(await this.#progress(jobId, signal)) };
      if (job.state !== 'succeeded' || !job.result) return job;
      return (await this.#endpoint.serves(job.result.model, order.request.model, signal))
        ? job
        : { ...job, state: 'pending', detail: `${job.detail}, but its model does not answer yet` };
    });
  }

  async isListed(jobId: string, order: TrainingOrder): Promise<boolean> {
    return this.#failing(async () => (await this.#jobsOf(order)).some((job) => job.id === jobId));
  }

  async cancel(order: TrainingOrder, jobId?: string): Promise<number> {
    return this.#failing(async () => {
      const jobs = await this.#jobsOf(order);
      const isUnlisted = jobId !== undefined && !jobs.some((job) => job.id === jobId);
      const unlisted = isUnlisted ? await this.#find(jobId) : undefined;
      let cancelled = 0;
      for (const job of unlisted ? [unlisted, ...jobs] : jobs)
        if (await this.#cancelGoing(job)) cancelled++;
      return cancelled;
    });
  }

  /** Where a provider takes no metadata, the job is made without: it is recognised otherwise. */
  async #create(order: TrainingOrder): Promise<ProviderJob> {
    // Without a signal: a job in the making when we are cancelled has to be seen, to be cancelled.
    const send = (body: OpenAI.FineTuning.JobCreateParams) =>
      answerOf(this.#once.fineTuning.jobs.create(body), jobIn<ProviderJob>);
    const { metadata, ...unmarked } = jobBody(order);
    try {
      return await send({ ...unmarked, metadata });
    } catch (error) {
      if (!isRefused(error, 400, 422)) throw error;
      return send(unmarked); // whatever else it refuses, it refuses again
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
  async #keepOldest(order: TrainingOrder): Promise<ProviderJob | undefined> {
    const usable = (await this.#jobsOf(order))
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
  async #jobsOf(order: TrainingOrder): Promise<ProviderJob[]> {
    const keyed = await this.#listed(order, { metadata: { [KEY]: order.key } }).catch((error) => {
      if (isRefused(error, 400, 422)) return [];
      throw error;
    });
    return keyed.length > 0 ? keyed : this.#listed(order, { limit: PAGE });
  }

  async #listed(
    order: TrainingOrder,
    query: OpenAI.FineTuning.JobListParams,
  ): Promise<ProviderJob[]> {
    const jobs: ProviderJob[] = [];
    // Compared again here, since not every endpoint that takes the filter applies it.
    const listed = itemsOf<ProviderJob>((after) =>
      this.#client.fineTuning.jobs.list({ ...query, after }),
    );
    for await (const job of listed) if (isOf(job, order)) jobs.push(job);
    return jobs;
  }

  #describe(job: ProviderJob, order: TrainingOrder): TuningJob {
    return {
      id: job.id,
      state: jobState(job.status),
      detail: job.status,
      ...(job.fine_tuned_model && {
        result: { model: job.fine_tuned_model, trainedTokens: job.trained_tokens ?? 0 },
      }),
      message: redacted(job.error?.message ?? '') || undefined,
      isRecognisable: isOf(job, order),
    };
  }

  /** The newest event, with step, steps and loss of the newest metrics; worth no failure. */
  async #progress(jobId: string, signal?: AbortSignal): Promise<Partial<TuningJob>> {
    const events = await this.#client.fineTuning.jobs
      .listEvents(jobId, { limit: 10 }, { signal })
      .catch(() => undefined);
    const metrics = events?.data?.find((event) => event.type === 'metrics')?.data as
      | { step?: number; total_steps?: number; train_loss?: number }
      | undefined;
    const loss = metrics?.train_loss;
    return {
      mark: events?.data?.[0]?.id,
      step: metrics?.step,
      totalSteps: metrics?.total_steps,
      note: loss === undefined ? undefined : `loss ${loss.toFixed(3)}`,
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

const vanished = (id: string): TuningJob => ({
  id,
  state: 'vanished',
  detail: 'not known to the provider',
  isRecognisable: true,
});
