import { mkdir } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { APIError } from 'openai';
import { z } from 'zod';
import { passingFailure } from '../../../core/failures.ts';
import type { Deployments } from '../../deployments.ts';
import { downloadSigned } from '../../download.ts';
import { jobState } from '../../jobState.ts';
import { ListedJobs } from '../../listedJobs.ts';
import type { Job } from '../../remoteJobs.ts';
import { isRefused } from '../../said.ts';
import type {
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
import { FireworksAddons } from './addons.ts';
import { uploadDataset } from './datasets.ts';
import { FireworksDeployments } from './deployments.ts';
import type { FireworksSpec } from './spec.ts';
import { Account, idFor, idOf, status, troubleIn } from './wire.ts';

const KIND = 'supervisedFineTuningJobs';

/** Fine-tuning at Fireworks: jobs under ids of our own, of which there cannot be two. */
export class FireworksTrainer
  extends ListedJobs<TrainingRequest, TunedModel, FireworksJob>
  implements Trainer
{
  readonly deployments: Deployments;
  readonly #endpoint: TrainerEndpoint;
  readonly #spec: FireworksSpec;
  readonly #account: Account;

  constructor(endpoint: TrainerEndpoint, spec: FireworksSpec) {
    super();
    this.#endpoint = endpoint;
    this.#spec = spec;
    this.#account = new Account(endpoint, spec);
    const { deployment } = spec;
    this.deployments =
      deployment === undefined
        ? new FireworksDeployments(endpoint, this.#account, spec)
        : new FireworksAddons(endpoint, this.#account, deployment);
  }

  async preflight(): Promise<string | undefined> {
    const { name } = this.#endpoint;
    if (!this.#account.isKnown)
      return `endpoint "${name}": for the trainer of Fireworks its baseURL is to be https://api.fireworks.ai/inference/v1`;
    try {
      await answerOf(this.#account.once.get(this.#account.at('')), () => undefined);
      return undefined;
    } catch (error) {
      if (error instanceof APIError && [403, 404].includes(error.status ?? 0))
        return `endpoint "${name}": its key does not reach account "${this.#spec.account}" of Fireworks: correct account in its trainer, or take a key of that account`;
      throw this.#endpoint.failure(error);
    }
  }

  async upload(file: TrainingFile, name: string, signal?: AbortSignal): Promise<string> {
    return this.failing(() => uploadDataset(this.#endpoint, this.#account, file, name, signal));
  }

  /** Fireworks keeps what a job has made, an adapter in most cases, and merges nothing. */
  async weights(
    { model: { name }, form }: WantedWeights,
    folder: string,
    signal?: AbortSignal,
  ): Promise<Weights> {
    return this.failing(async () => {
      const kept = await this.#account.find(name, model, signal);
      const isAdapter = kept?.kind === 'HF_PEFT_ADDON';
      if (!kept || isAdapter !== (form === 'adapter'))
        return {
          lacking: `Fireworks ${kept ? `keeps ${name} in the other form` : `has no ${name}`}`,
        };
      const urls = await this.#account.find(`${name}:getDownloadEndpoint`, signed, signal);
      const files = Object.entries(urls?.filenameToSignedUrls ?? {});
      for (const [file, url] of files) {
        const place = join(folder, inside(file));
        await mkdir(dirname(place), { recursive: true });
        await downloadSigned(url, place, signal);
      }
      const library = isAdapter ? 'peft' : 'transformers';
      return files.length > 0
        ? { files: files.map(([file]) => file), library }
        : { lacking: `Fireworks gives no files of ${name} out` };
    });
  }

  protected override async look(
    found: FireworksJob,
    _: TrainingOrder,
    signal?: AbortSignal,
  ): Promise<Job<TunedModel>> {
    const job = this.describe(found);
    if (job.state !== 'succeeded' || !(await this.#hasModel(found, signal))) return job;
    const trainedTokens = await this.#tokensOf(found, signal);
    return { ...job, result: { model: this.#modelOf(found), trainedTokens } };
  }

  protected override async listed({ name }: TrainingOrder): Promise<FireworksJob[]> {
    const jobs: FireworksJob[] = [];
    // Compared again here, should a filter be taken and not applied.
    for await (const one of this.#account.list(KIND, `displayName="${name}"`, job))
      if (one.displayName === name) jobs.push(one);
    return jobs;
  }

  /** An id of a job that ended stays taken: the next one is another attempt. */
  protected override async create(order: TrainingOrder): Promise<FireworksJob> {
    await this.#checkPaid();
    const body = await this.#bodyOf(order);
    for (let attempt = 1; ; attempt++) {
      const id = `${idFor(order.name)}${attempt > 1 ? `-${attempt}` : ''}`;
      const query = { supervisedFineTuningJobId: id };
      try {
        const asked = this.#account.once.post(this.#account.at(KIND), { body, query });
        return await answerOf(asked, (answer) => job.parse(answer));
      } catch (error) {
        if (!isRefused(error, 409)) throw error;
        const there = await this.find(id);
        if (there && ['pending', 'running'].includes(jobState(this.statusOf(there)))) return there;
      }
    }
  }

  protected override find(jobId: string, signal?: AbortSignal): Promise<FireworksJob | undefined> {
    return this.#account.find(`${KIND}/${jobId}`, job, signal);
  }

  protected override sendCancel(jobId: string): Promise<unknown> {
    const { client } = this.#account;
    const asked = client.post(this.#account.at(`${KIND}/${jobId}:cancel`), { body: {} });
    return answerOf(asked, () => undefined);
  }

  protected override statusOf({ state }: FireworksJob): string {
    return state ?? '';
  }

  protected override createdAt({ createTime }: FireworksJob): number {
    return Date.parse(createTime ?? '') || 0;
  }

  protected override async hasResult(done: FireworksJob): Promise<boolean> {
    const age = Date.now() - (Date.parse(done.completedTime ?? '') || 0);
    return age < 1000 * this.#endpoint.config.finalAfterSeconds || this.#hasModel(done);
  }

  protected override failure(error: unknown, order?: TrainingOrder): Error {
    return this.#endpoint.failure(error, order?.request.model);
  }

  protected override describe(seen: FireworksJob): Job<TunedModel> {
    const { id, state, status: said, jobProgress } = seen;
    const { percent, epoch } = jobProgress ?? {};
    const message = troubleIn(said);
    const detail = state || 'without a state';
    return {
      ...{ id, state: jobState(state ?? ''), detail },
      // One that is paused says why, and goes on.
      ...(message && { message, note: `${detail}: ${message}` }),
      isRecognisable: true, // by its id
      ...(percent != null && {
        mark: `${epoch ?? ''} ${percent}`,
        ...{ step: percent, totalSteps: 100 },
        ...(!message && { note: `${percent} %${epoch == null ? '' : `, epoch ${epoch}`}` }),
      }),
    };
  }

  async #bodyOf({ request, name, fileId }: TrainingOrder): Promise<object> {
    const { epochs, batchSize, learningRateMultiplier = 1 } = request.training;
    const { learningRate, loraRank } = this.#spec;
    const base = await this.#account.find(request.model, model);
    return {
      displayName: name,
      dataset: this.#account.nameOf('datasets', fileId),
      // An adapter is gone on with; of a base there comes a new one.
      ...(base?.kind === 'HF_PEFT_ADDON'
        ? { warmStartFrom: request.model }
        : { baseModel: request.model }),
      ...{ epochs, learningRate: learningRate * learningRateMultiplier },
      ...(batchSize && { batchSizeSamples: batchSize }),
      ...(loraRank && { loraRank }),
      // Every row is trained on.
      evalAutoCarveout: false,
    };
  }

  /** @throws ApplicationFailure, to try again, where the account is suspended: nothing would go on */
  async #checkPaid(): Promise<void> {
    const { suspendState } = (await this.#account.find('', owner)) ?? {};
    if (suspendState && suspendState !== 'UNSUSPENDED')
      throw passingFailure(
        'OutOfMoney',
        `endpoint "${this.#endpoint.name}": the account is suspended (${suspendState}): top it up or raise its limit`,
        250 * this.#endpoint.config.finalAfterSeconds,
      );
  }

  async #hasModel(done: FireworksJob, signal?: AbortSignal): Promise<boolean> {
    return (await this.#account.find(this.#modelOf(done), model, signal)) !== undefined;
  }

  #modelOf({ id, outputModel }: FireworksJob): string {
    return this.#account.nameOf('models', outputModel || id);
  }

  /** Those of the dataset times the epochs, where the job does not count itself. */
  async #tokensOf({ jobProgress, dataset, epochs }: FireworksJob, signal?: AbortSignal) {
    if (jobProgress?.inputTokens) return jobProgress.inputTokens;
    const { estimatedTokenCount } = (await this.#account.find(dataset, data, signal)) ?? {};
    return Number(estimatedTokenCount ?? 0) * (epochs ?? 1);
  }
}

const job = z
  .looseObject({
    name: z.string().min(1),
    displayName: z.string().nullish(),
    state: z.string().nullish(),
    status,
    createTime: z.string().nullish(),
    completedTime: z.string().nullish(),
    dataset: z.string(),
    epochs: z.number().nullish(),
    outputModel: z.string().nullish(),
    jobProgress: z
      .looseObject({
        percent: z.number().nullish(),
        epoch: z.number().nullish(),
        inputTokens: z.number().nullish(),
      })
      .nullish(),
  })
  .transform((fields) => ({ ...fields, id: idOf(fields.name) }));

/** A fine-tuning job, with the last part of its name. */
type FireworksJob = z.output<typeof job>;

const model = z.looseObject({ kind: z.string().nullish() });
const owner = z.looseObject({ suspendState: z.string().nullish() });
const data = z.looseObject({ estimatedTokenCount: z.string().nullish() });
const signed = z.looseObject({ filenameToSignedUrls: z.record(z.string(), z.string()).nullish() });

/** A name of theirs as a place that is in the folder it is joined to. */
const inside = (file: string): string => normalize(`/${file}`);
