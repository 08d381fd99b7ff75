import { APIError, type OpenAI } from 'openai';
import { z } from 'zod';
import type { Deployments } from '../deployments.ts';
import { takeWeights } from '../engineWeights.ts';
import { jobState } from '../jobState.ts';
import { ListedJobs } from '../listedJobs.ts';
import { isOf, jobBody, KEY, type ProviderJob } from '../openaiJob.ts';
import { redacted } from '../redacted.ts';
import type { Job } from '../remoteJobs.ts';
import { ifKnown, isRefused } from '../said.ts';
import { onceServed } from '../servedModel.ts';
import type {
  Trainer,
  TrainerEndpoint,
  TrainerKind,
  TrainingFile,
  TrainingOrder,
  TrainingRequest,
  TunedModel,
  WantedWeights,
  Weights,
} from '../trainer.ts';
import { uploadOnce } from '../upload.ts';
import { answerOf, itemsOf, jobIn } from '../wire.ts';

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

/** Jobs on OpenAI's wire; their models answer by themselves unless they have deployments. */
export class OpenAITrainer
  extends ListedJobs<TrainingRequest, TunedModel, ProviderJob>
  implements Trainer
{
  readonly deployments?: Deployments;
  readonly #endpoint: TrainerEndpoint;
  readonly #client: OpenAI;
  /** A create whose answer was lost may have been done: it is never sent again unseen. */
  readonly #once: OpenAI;

  constructor(endpoint: TrainerEndpoint, deployments?: Deployments) {
    super();
    this.deployments = deployments;
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
    const named = { path: file.path, bytes: file.bytes, name };
    return this.failing(() => uploadOnce(this.#client, named, { purpose: 'fine-tune' }, signal));
  }

  /** The embedded engine gives them out; OpenAI, and most who speak its wire, do not. */
  async weights(wanted: WantedWeights, folder: string, signal?: AbortSignal): Promise<Weights> {
    return this.failing(() => takeWeights(this.#endpoint, wanted, folder, signal));
  }

  protected override async look(
    found: ProviderJob,
    order: TrainingOrder,
    signal?: AbortSignal,
  ): Promise<TuningJob> {
    const job = this.describe(found, order);
    if (job.state === 'running') return { ...job, ...(await this.#progress(job.id, signal)) };
    return this.deployments ? job : onceServed(this.#endpoint, job, order, signal);
  }

  /** Where a provider takes no metadata, the job is made without: it is recognised otherwise. */
  protected override async create(order: TrainingOrder): Promise<ProviderJob> {
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

  protected override find(jobId: string, signal?: AbortSignal): Promise<ProviderJob | undefined> {
    const asked = this.#client.fineTuning.jobs.retrieve(jobId, { signal });
    return ifKnown(answerOf(asked, jobIn<ProviderJob>));
  }

  protected override sendCancel(jobId: string): Promise<unknown> {
    return answerOf(this.#client.fineTuning.jobs.cancel(jobId), jobIn);
  }

  protected override statusOf({ status }: ProviderJob): string {
    return status;
  }

  protected override createdAt({ created_at }: ProviderJob): number {
    return created_at;
  }

  protected override hasResult({ fine_tuned_model, finished_at }: ProviderJob): boolean {
    const age = Date.now() / 1000 - (finished_at ?? 0);
    return Boolean(fine_tuned_model) || age < this.#endpoint.config.finalAfterSeconds;
  }

  protected override failure(error: unknown, order?: TrainingOrder): Error {
    return this.#endpoint.failure(error, order?.request.model);
  }

  /** Among all, where they cannot be found by their key. */
  protected override async listed(order: TrainingOrder): Promise<ProviderJob[]> {
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

  protected override describe(job: ProviderJob, order: TrainingOrder): TuningJob {
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
}
