import { join } from 'node:path';
import { APIError, type OpenAI } from 'openai';
import { z } from 'zod';
import { finalFailure, passingFailure } from '../../../core/failures.ts';
import type { Deployments } from '../../deployments.ts';
import { download } from '../../download.ts';
import { jobState } from '../../jobState.ts';
import { ListedJobs } from '../../listedJobs.ts';
import { redacted } from '../../redacted.ts';
import { type Job, tells } from '../../remoteJobs.ts';
import { ifKnown, isRefused } from '../../said.ts';
import type {
  PlannedTraining,
  Trainer,
  TrainerEndpoint,
  TrainingFile,
  TrainingOrder,
  TrainingRequest,
  TunedModel,
  WantedWeights,
  Weights,
} from '../../trainer.ts';
import { answerOf } from '../../wire.ts';
import { TogetherDeployments } from './deployments.ts';
import { uploadFile } from './files.ts';
import type { TogetherSpec } from './spec.ts';
import { allJobs, itemsOf, jobById, jobIn, type TogetherJob, v2 } from './wire.ts';

/** Why a job ended without a model, among its events. */
const REASONS = new Set(['billing_limit', 'job_error', 'job_user_error', 'job_stopped']);

/** Fine-tuning at Together: `/v1/fine-tunes`, where a job is known by its suffix. */
export class TogetherTrainer
  extends ListedJobs<TrainingRequest, TunedModel, TogetherJob>
  implements Trainer
{
  readonly deployments: Deployments;
  readonly #endpoint: TrainerEndpoint;
  readonly #spec: TogetherSpec;
  readonly #client: OpenAI;
  /** A create whose answer was lost may have been done: it is never sent again unseen. */
  readonly #once: OpenAI;

  constructor(endpoint: TrainerEndpoint, spec: TogetherSpec) {
    super();
    this.#endpoint = endpoint;
    this.#spec = spec;
    this.#client = endpoint.client;
    this.#once = endpoint.client.withOptions({ maxRetries: 0 });
    this.deployments = new TogetherDeployments(endpoint, spec);
  }

  async preflight(): Promise<string | undefined> {
    const { name } = this.#endpoint;
    const { project } = this.#spec;
    try {
      await allJobs(this.#once);
    } catch (error) {
      if (error instanceof APIError && [404, 405, 501].includes(error.status ?? 0))
        return `endpoint "${name}" has no fine-tuning of Together (no fine-tunes): its baseURL is to be https://api.together.ai/v1`;
      throw this.#endpoint.failure(error);
    }
    try {
      await answerOf(this.#once.get(v2(this.#once, `/projects/${project}/endpoints`)), () => {});
      return undefined;
    } catch (error) {
      if (isRefused(error, 400, 403, 404))
        return `endpoint "${name}": its key does not reach project "${project}" of Together: correct project in its trainer, or take a key of that project`;
      throw this.#endpoint.failure(error);
    }
  }

  async upload(file: TrainingFile, name: string, signal?: AbortSignal): Promise<string> {
    return this.failing(() => uploadFile(this.#endpoint, file, name, signal));
  }

  /** Needs a file that has been checked, as uploaded ones have. */
  async estimate(planned: PlannedTraining, signal?: AbortSignal): Promise<number | undefined> {
    return this.failing(async () => {
      const { from } = await this.#start(planned.model);
      const price = await this.#price(this.#client, from, planned, signal);
      return price?.estimated_total_price ?? undefined;
    });
  }

  /** An archive, as Together packs it. */
  async weights(
    { model, form }: WantedWeights,
    folder: string,
    signal?: AbortSignal,
  ): Promise<Weights> {
    const file = `${form}.tar.zst`;
    const query = { ft_id: model.jobId, checkpoint: form };
    return this.failing(async () => {
      try {
        await download(this.#client, '/finetune/download', join(folder, file), { query, signal });
      } catch (error) {
        if (!(error instanceof APIError && [400, 404].includes(error.status ?? 0))) throw error;
        return { lacking: `Together has no ${form} weights of job ${model.jobId}` };
      }
      return { files: [file], library: form === 'adapter' ? 'peft' : 'transformers' };
    });
  }

  protected override async look(
    found: TogetherJob,
    _: TrainingOrder,
    signal?: AbortSignal,
  ): Promise<Job<TunedModel>> {
    const job = this.describe(found);
    switch (job.state) {
      case 'running':
        return { ...job, ...(await this.#progress(job.id, signal)) };
      case 'failed':
      case 'cancelled':
        return { ...job, message: await this.#reason(job.id, signal) };
      default:
        return job;
    }
  }

  protected override async listed({ name }: TrainingOrder): Promise<TogetherJob[]> {
    const isOf = ({ suffix, model_output_name }: TogetherJob) =>
      tells(suffix || model_output_name || '', name);
    return (await allJobs(this.#client)).filter(isOf);
  }

  /** Before there is a job it is found out whether it can be paid, and its model be put up. */
  protected override async create(order: TrainingOrder): Promise<TogetherJob> {
    const { request, name, fileId } = order;
    const start = await this.#start(request.model);
    await this.#checkHosted(start.base);
    // Worth no failure of its own: what keeps it from being answered keeps the job, too.
    const price = await this.#price(this.#once, start.from, { ...request, fileId }).catch(
      () => undefined,
    );
    if (price?.allowed_to_proceed === false)
      throw passingFailure(
        'OutOfMoney',
        `endpoint "${this.#endpoint.name}": the account cannot pay for this fine-tune, and Together would cancel it: top up the account or raise its limit`,
        250 * this.#endpoint.config.finalAfterSeconds,
      );
    const { epochs, batchSize, learningRateMultiplier = 1 } = request.training;
    const { learningRate, loraRank } = this.#spec;
    const body = {
      ...start.from,
      training_file: fileId,
      n_epochs: epochs,
      batch_size: batchSize ?? 'max',
      learning_rate: learningRate * learningRateMultiplier,
      // As a rank is nothing without its factor: twice as much is what Together's clients take.
      ...(loraRank && {
        training_type: { type: 'Lora', lora_r: loraRank, lora_alpha: 2 * loraRank },
      }),
      training_method: METHOD,
      suffix: name,
      random_seed: request.seed,
    };
    return answerOf(this.#once.post('/fine-tunes', { body }), jobIn);
  }

  protected override find(jobId: string, signal?: AbortSignal): Promise<TogetherJob | undefined> {
    return ifKnown(jobById(this.#client, jobId, signal));
  }

  protected override sendCancel(jobId: string): Promise<unknown> {
    return answerOf(this.#client.post(`/fine-tunes/${jobId}/cancel`), jobIn);
  }

  protected override statusOf({ status }: TogetherJob): string {
    return status;
  }

  protected override createdAt({ created_at }: TogetherJob): number {
    return Date.parse(created_at ?? '') || 0;
  }

  protected override hasResult({ model_output_name, updated_at }: TogetherJob): boolean {
    const age = Date.now() - (Date.parse(updated_at ?? '') || 0);
    return Boolean(model_output_name) || age < 1000 * this.#endpoint.config.finalAfterSeconds;
  }

  protected override failure(error: unknown, order?: TrainingOrder): Error {
    return this.#endpoint.failure(error, order?.request.model);
  }

  protected override describe(job: TogetherJob): Job<TunedModel> {
    const { id, status, model_output_name: model, token_count } = job;
    return {
      id,
      state: jobState(status),
      detail: status,
      ...(model && { result: { model, trainedTokens: token_count ?? 0 } }),
      isRecognisable: true, // by the suffix, which lists always show
    };
  }

  /** What a job starts from: a model that a job of ours made is gone on with, adapter and all. */
  async #start(model: string): Promise<{ base: string; from: object }> {
    const jobs = await allJobs(this.#client);
    const parent = jobs.find(({ model_output_name }) => model_output_name === model);
    return parent
      ? { base: parent.model ?? model, from: { from_checkpoint: model } }
      : { base: model, from: { model } };
  }

  /** @throws ApplicationFailure, non-retryable, where the catalogue says that nothing hosts the base */
  async #checkHosted(base: string): Promise<void> {
    const entries = itemsOf(this.#client, '/supported-models', supported, { search: base });
    for await (const { name, deploymentProfiles } of entries)
      if (name === base && deploymentProfiles.length === 0)
        throw finalFailure(
          'BadRequest',
          `endpoint "${this.#endpoint.name}" can tune "${base}", but has nothing to put the result up on: name another base under model`,
        );
  }

  /** What a job would cost; undefined where Together cannot say. */
  async #price(
    client: OpenAI,
    from: object,
    { training, fileId }: Omit<PlannedTraining, 'model'>,
    signal?: AbortSignal,
  ) {
    const body = {
      ...from,
      training_file: fileId,
      n_epochs: training.epochs,
      training_method: METHOD,
    };
    try {
      const asked = client.post('/fine-tunes/estimate-price', { body, signal });
      return await answerOf(asked, (answer) => estimated.parse(answer));
    } catch (error) {
      if (isRefused(error, 400, 404, 405, 422, 501)) return undefined;
      throw error;
    }
  }

  /** Steps and loss; worth no failure. */
  async #progress(jobId: string, signal?: AbortSignal): Promise<Partial<Job<TunedModel>>> {
    try {
      const [events, metrics] = await Promise.all([
        this.#events(jobId, signal),
        answerOf(this.#client.get(`/fine-tunes/${jobId}/metrics`, { signal }), (body) =>
          metricsOf.parse(body),
        ),
      ]);
      const last = events.findLast(({ step }) => step);
      const { 'train/global_step': step = last?.step, 'train/loss': loss } =
        metrics.metrics?.at(-1) ?? {};
      return {
        mark: `${events.length} ${step ?? ''}`,
        step: step ?? undefined,
        totalSteps: last?.total_steps ?? undefined,
        note: loss === undefined ? undefined : `loss ${loss.toFixed(3)}`,
      };
    } catch {
      signal?.throwIfAborted();
      return {};
    }
  }

  /** What its events say of its end. */
  async #reason(jobId: string, signal?: AbortSignal): Promise<string | undefined> {
    const events = await this.#events(jobId, signal);
    const said = events.findLast(({ type }) => REASONS.has(type.toLowerCase()));
    if (!said) return undefined;
    const reason = redacted(said.message ?? '') || said.type;
    return said.type.toLowerCase() === 'billing_limit'
      ? `${reason} (top up the account or raise its limit)`
      : reason;
  }

  async #events(jobId: string, signal?: AbortSignal) {
    const asked = this.#client.get(`/fine-tunes/${jobId}/events`, { signal });
    return (await answerOf(asked, (body) => eventList.parse(body))).data;
  }
}

/** On answers alone, not on what was asked. */
const METHOD = { method: 'sft', train_on_inputs: false };

const supported = z.looseObject({ name: z.string(), deploymentProfiles: z.array(z.unknown()) });

const estimated = z.looseObject({
  /** Missing where no estimate can be had. */
  estimated_total_price: z.number().nullish(),
  allowed_to_proceed: z.boolean().nullish(),
});

const eventList = z.object({
  data: z.array(
    z.looseObject({
      type: z.string(),
      message: z.string().nullish(),
      step: z.number().nullish(),
      total_steps: z.number().nullish(),
    }),
  ),
});

const metricsOf = z.object({
  metrics: z
    .array(
      z.looseObject({
        'train/global_step': z.number().optional(),
        'train/loss': z.number().optional(),
      }),
    )
    .nullish(),
});
