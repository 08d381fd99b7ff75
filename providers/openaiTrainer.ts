import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { APIError, NotFoundError, type OpenAI } from 'openai';
import type { Endpoint } from './endpoint.ts';
import type { Job, JobRequest, Trainer, TrainingFile } from './trainer.ts';
import { checkJob, idOf, itemsOf } from './wire.ts';

type ProviderJob = OpenAI.FineTuning.FineTuningJob;

/** Where the key stands in a job's metadata. */
const KEY = 'semievol_key';

/** For the whole of a file, which may have 512 MB and a slow line; other requests are short. */
const UPLOAD_TIMEOUT_MS = 4 * 3_600_000;

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

  async upload(file: TrainingFile, signal?: AbortSignal): Promise<string> {
    const filename = `semievol-${file.sha256}.jsonl`;
    return this.#failing(async () => {
      const files = this.#client.files.list({ purpose: 'fine-tune' }, { signal });
      for await (const known of itemsOf(files))
        if (known.filename === filename && known.bytes === file.bytes && known.status !== 'error')
          return known.id;
      const created = await this.#once.post<OpenAI.FileObject>('/files', {
        ...(await fileForm(file, filename)),
        signal,
        timeout: UPLOAD_TIMEOUT_MS,
      });
      return idOf(created);
    });
  }

  async adoptOrCreate(request: JobRequest): Promise<Job> {
    return this.#failing(async () => {
      const known = await this.#keepOldest(request.key);
      if (known) return this.#describe(known);
      // Without a signal: a job in the making when we are cancelled has to be seen, to be cancelled.
      const created = await this.#once.fineTuning.jobs.create({
        model: request.model,
        training_file: request.fileId,
        suffix: request.suffix,
        seed: request.seed,
        metadata: { [KEY]: request.key },
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
      // An earlier attempt that was given up may still have been on its way: look once more.
      return this.#describe((await this.#keepOldest(request.key)) ?? created);
    }, request.model);
  }

  async poll(jobId: string, signal?: AbortSignal): Promise<Job> {
    return this.#failing(async () => {
      try {
        return this.#describe(
          await this.#client.fineTuning.jobs.retrieve(jobId, { signal }),
          signal,
        );
      } catch (error) {
        if (error instanceof NotFoundError)
          return { id: jobId, state: 'vanished' as const, detail: 'not found', trainedTokens: 0 };
        throw error;
      }
    });
  }

  async cancel(key: string): Promise<number> {
    return this.#failing(async () => {
      let cancelled = 0;
      for (const job of await this.#jobsOf(key)) if (await this.#cancelGoing(job)) cancelled++;
      return cancelled;
    });
  }

  /** @returns false for a job that has ended, also where it ended just before it was cancelled */
  async #cancelGoing(job: ProviderJob): Promise<boolean> {
    if (hasEnded(job)) return false;
    try {
      await this.#client.fineTuning.jobs.cancel(job.id);
      return true;
    } catch (error) {
      if (error instanceof APIError && [400, 404, 409].includes(error.status ?? 0)) return false;
      throw error;
    }
  }

  /** The oldest usable job of a key; later ones that still go on are cancelled. */
  async #keepOldest(key: string): Promise<ProviderJob | undefined> {
    const usable = (await this.#jobsOf(key))
      .filter((job) => !isLost(job))
      .sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1));
    const [oldest, ...twins] = usable;
    for (const twin of twins) await this.#cancelGoing(twin);
    return oldest;
  }

  async #jobsOf(key: string): Promise<ProviderJob[]> {
    const jobs: ProviderJob[] = [];
    // The filter is compared again here, since not every endpoint that takes it applies it.
    const listed = this.#client.fineTuning.jobs.list({ metadata: { [KEY]: key } });
    for await (const job of itemsOf(listed)) if (job.metadata?.[KEY] === key) jobs.push(job);
    return jobs;
  }

  async #describe(job: ProviderJob, signal?: AbortSignal): Promise<Job> {
    checkJob(job);
    const described: Job = {
      id: job.id,
      state: stateOf(job),
      detail: job.status,
      model: job.fine_tuned_model ?? undefined,
      message: job.error?.message || undefined,
      trainedTokens: job.trained_tokens ?? 0,
    };
    return job.status === 'running'
      ? { ...described, ...(await this.#progress(job, signal)) }
      : described;
  }

  /** The newest event, with step, steps and loss of the newest metrics; worth no failure. */
  async #progress(job: ProviderJob, signal?: AbortSignal): Promise<Partial<Job>> {
    const events = await this.#client.fineTuning.jobs
      .listEvents(job.id, { limit: 10 }, { signal })
      .catch(() => undefined);
    const metrics = events?.data.find((event) => event.type === 'metrics')?.data as
      | { step?: number; total_steps?: number; train_loss?: number }
      | undefined;
    return {
      mark: events?.data[0]?.id,
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

/**
 * A form with a file and its purpose. Being a blob it is read from the disk while it is sent, so
 * that memory does not grow with it.
 */
async function fileForm(file: TrainingFile, filename: string) {
  const boundary = `semievol-${randomUUID()}`;
  const body = new Blob([
    `--${boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n`,
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\n`,
    'Content-Type: application/octet-stream\r\n\r\n',
    await openAsBlob(file.path),
    `\r\n--${boundary}--\r\n`,
  ]);
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}

const hasEnded = (job: ProviderJob) => ['succeeded', 'failed', 'cancelled'].includes(job.status);
const isLost = (job: ProviderJob) =>
  ['failed', 'cancelled'].includes(job.status) ||
  (job.status === 'succeeded' && !job.fine_tuned_model);

function stateOf(job: ProviderJob): Job['state'] {
  switch (job.status) {
    case 'running':
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return job.status;
    default:
      return 'pending';
  }
}
