import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { finalFailure } from '../../../core/failures.ts';
import type { Deployments } from '../../deployments.ts';
import type { Job } from '../../remoteJobs.ts';
import { onceServed } from '../../servedModel.ts';
import type {
  Trainer,
  TrainerEndpoint,
  TrainerKind,
  TrainingFile,
  TrainingOrder,
  TunedModel,
  WantedWeights,
  Weights,
} from '../../trainer.ts';
import { flawOfAdapter } from './adapter.ts';
import { type Attempt, attemptsOf, OUTPUT, stopAttempt, sweep } from './attempt.ts';
import { copyWhole, ifThere } from './files.ts';
import { isCancelled, markCancelled, StateFolder } from './jobs.ts';
import { keep } from './keep.ts';
import { Models } from './models.ts';
import { obstacleTo, prepareAttempt, toolOf } from './prepare.ts';
import { MlxDeployments } from './serving/mlx.ts';
import { VllmDeployments } from './serving/vllm.ts';
import { Slots } from './slots.ts';
import { type CommandSpec, commandSpec } from './spec.ts';
import { MLX_WEIGHTS } from './tools/mlx.ts';
import type { Tool } from './tools/tool.ts';
import { type Verdict, verdictOn } from './verdict.ts';

/** How long a command that is cancelled may take to end, with its keeper's own patience in it. */
const STOPPING_MS = 15_000;

/** Training by a program on a machine of one's own. */
export const command: TrainerKind<typeof commandSpec> = {
  spec: commandSpec,
  incidental: ['folder', 'log', 'env', 'maxJobs', 'retries', 'serving'],
  create: (endpoint, spec) => new CommandTrainer(endpoint, spec),
};

/** A job as its folder shows it. */
interface Look {
  folder: string;
  attempts: Attempt[];
  verdict: Verdict;
}

/**
 * Jobs are folders on the machine that trains, one a key, and in it one for each time that it was
 * begun anew. Whoever looks at a job that is due starts its command, and goes on with what an earlier
 * one has left.
 */
class CommandTrainer implements Trainer {
  readonly #endpoint: TrainerEndpoint;
  readonly #spec: CommandSpec;
  readonly #tool: Tool;
  readonly #state: StateFolder;
  readonly #models: Models;
  readonly deployments?: Deployments;
  readonly #slots: Slots;

  constructor(endpoint: TrainerEndpoint, spec: CommandSpec) {
    this.#endpoint = endpoint;
    this.#spec = spec;
    this.#tool = toolOf(spec);
    this.#state = new StateFolder(spec.folder);
    this.#models = new Models(this.#state, this.#tool.weights);
    const deployments = deploymentsOf(endpoint, spec, this.#state, this.#models);
    if (deployments) this.deployments = deployments;
    this.#slots = new Slots(this.#state.slots, spec.maxJobs);
  }

  preflight(): Promise<string | undefined> {
    return obstacleTo(this.#spec, this.#tool);
  }

  async upload(file: TrainingFile, name: string): Promise<string> {
    const path = this.#state.file(name);
    const known = await ifThere(stat(path));
    if (known?.size === file.bytes) return name;
    await copyWhole(file.path, path);
    return name;
  }

  async adoptOrCreate(order: TrainingOrder): Promise<Job<TunedModel>> {
    const last = (await this.#state.jobs(order.name)).at(-1);
    const known = last && (await this.#look(last));
    if (known && isUsable(known.verdict)) return this.#describe(last, known, order);
    // Nobody may have asked on this machine.
    const obstacle = await this.preflight();
    if (obstacle) throw finalFailure('NoFineTuning', obstacle);
    await this.#models.originOf(order.request.model, this.#tool);
    const id = await this.#state.create(order.name, last);
    return this.#describe(id, (await this.#look(id))!, order);
  }

  async poll(jobId: string, order: TrainingOrder, signal?: AbortSignal): Promise<Job<TunedModel>> {
    const look = await this.#look(jobId);
    if (!look) return vanished(jobId);
    if (look.verdict.isDue) await this.#startCommand(look, order);
    const job = await this.#describe(jobId, look, order);
    return this.deployments ? job : onceServed(this.#endpoint, job, order, signal);
  }

  async isListed(jobId: string, { name }: TrainingOrder): Promise<boolean> {
    return (await this.#state.jobs(name)).includes(jobId);
  }

  async cancel(order: TrainingOrder): Promise<number> {
    let cancelled = 0;
    for (const id of await this.#state.jobs(order.name)) {
      const { folder, attempts, verdict } = (await this.#look(id))!;
      if (!['pending', 'running', 'cancelling'].includes(verdict.state)) continue;
      // First: a keeper that has just begun looks for the mark once it can be found.
      await markCancelled(folder);
      for (const attempt of attempts) await stopAttempt(attempt.folder, STOPPING_MS);
      cancelled++;
    }
    return cancelled;
  }

  /** Those of a model in the folder of this machine. */
  async weights({ model, form }: WantedWeights, folder: string): Promise<Weights> {
    const { folder: state, serving } = this.#spec;
    if ((await this.#models.baseOf(model.name)) === undefined)
      return {
        lacking: `the folder ${state} of this machine holds no ${model.name}: export it on the machine that trains`,
      };
    const library = this.#tool.weights === MLX_WEIGHTS ? 'mlx' : 'peft';
    if (form === 'adapter') return { files: await this.#models.copy(model.name, folder), library };
    if (!(this.deployments instanceof MlxDeployments))
      return {
        lacking: `the endpoint is not served by mlx-lm but ${serving ? `by ${serving.type}` : 'by itself'}, which merges none: merge_and_unload of peft does`,
      };
    await this.deployments.merge({ model: model.name, base: model.base }, folder);
    return { files: await readdir(folder), library };
  }

  async #startCommand({ folder, attempts }: Look, order: TrainingOrder): Promise<void> {
    if (!(await this.#slots.hasRoom())) return;
    const last = attempts.at(-1);
    if (last?.state === 'lost') await sweep(last.folder);
    const attempt =
      last?.state === 'prepared'
        ? last.folder
        : await prepareAttempt(this.#spec, this.#tool, {
            ...{ job: folder, attempts, request: order.request },
            rows: this.#state.file(order.fileId),
            origin: await this.#models.originOf(order.request.model, this.#tool),
          });
    keep(attempt, this.#state.slots, this.#spec.maxJobs);
  }

  /** @returns undefined where there is no such job */
  async #look(id: string): Promise<Look | undefined> {
    const folder = await this.#state.find(id);
    if (folder === undefined) return undefined;
    const attempts = await attemptsOf(folder, this.#tool.log);
    const last = attempts.at(-1);
    const flaw = last && (await flawOfAdapter(join(last.folder, OUTPUT), this.#tool.weights));
    const { retries } = this.#spec;
    const evidence = { attempts, retries, flaw, isCancelled: await isCancelled(folder) };
    return { folder, attempts, verdict: verdictOn(evidence) };
  }

  async #describe(id: string, look: Look, order: TrainingOrder): Promise<Job<TunedModel>> {
    const { attempts, verdict } = look;
    const { state, detail, message } = verdict;
    const last = attempts.at(-1);
    return {
      ...{ id, state, detail, isRecognisable: true },
      ...(message && { message }),
      ...(last && {
        mark: `${last.number}/${last.log.step ?? 0}`,
        step: last.log.step,
        totalSteps: last.log.total,
        note: noteOn(detail, last),
      }),
      ...(state === 'succeeded' && { result: await this.#result(order, attempts) }),
    };
  }

  /** Lays the adapter out under the model's name, which is of this key and of no other. */
  async #result(order: TrainingOrder, attempts: Attempt[]): Promise<TunedModel> {
    const { name, request } = order;
    const last = attempts.at(-1)!;
    const { base } = await this.#models.originOf(request.model, this.#tool);
    await this.#models.add(name, { base, output: join(last.folder, OUTPUT) });
    const counted = this.#tool.log.countsAnew ? attempts : [last];
    const tokens = counted.map(({ log }) => log.tokens ?? 0);
    return { model: name, trainedTokens: tokens.reduce((sum, more) => sum + more, 0) };
  }
}

function deploymentsOf(
  endpoint: TrainerEndpoint,
  spec: CommandSpec,
  state: StateFolder,
  models: Models,
): Deployments | undefined {
  const { serving } = spec;
  switch (serving?.type) {
    case 'vllm':
      return new VllmDeployments(endpoint, serving, state.models);
    case 'mlx-lm':
      return new MlxDeployments(serving, { spec, state, models });
    default:
      return undefined;
  }
}

const isUsable = ({ state }: Verdict) => ['pending', 'running', 'succeeded'].includes(state);

/** Such as `loss 0.182, went on from step 40`. */
function noteOn(detail: string, { number, start, log }: Attempt): string {
  const loss = log.loss === undefined ? detail : `loss ${log.loss.toFixed(3)}`;
  if (number === 1) return loss;
  return `${loss}, ${start.done > 0 ? `went on from step ${start.done}` : 'began again'}`;
}

const vanished = (id: string): Job<TunedModel> => ({
  id,
  state: 'vanished',
  detail: 'there is no folder of it',
  isRecognisable: true,
});
