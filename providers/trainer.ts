import type { OpenAI } from 'openai';
import type { z } from 'zod';
import type { TrainingSpec } from '../core/spec.ts';
import type { Json, ModelRecord } from '../core/types.ts';
import type { EndpointConfig } from './config.ts';
import type { Deployments } from './deployments.ts';
import type { JobOrder, RemoteJobs } from './remoteJobs.ts';

/** Where a model belongs in the lineage. */
export type Lineage = Pick<ModelRecord, 'run' | 'round' | 'role' | 'dataset'>;

/**
 * What a model is made of, and for whom: runs of one name in two namespaces or two stores may share
 * an account. The job's key is a hash of all of it.
 */
export interface TrainingRequest {
  /** Temporal's namespace. */
  namespace: string;
  /** Identity of the store. */
  store: string;
  /** The endpoint's `trainer` in the configuration: its fields may make the model, too. */
  trainer: EndpointConfig['trainer'];
  lineage: Lineage;
  /** The model to start from. */
  model: string;
  /** SHA-256 of the training file, in hexadecimal digits. */
  sha256: string;
  training: TrainingSpec;
  seed: number;
  /** What the tuned model's name is to tell. */
  suffix: string;
}

/** A fine-tuning job as a trainer is asked for it. */
export type TrainingOrder = JobOrder<TrainingRequest>;

/** What comes of a fine-tuning job. */
export interface TunedModel {
  /** Name of the model, which stays: as the endpoint takes it in requests, unless it is deployed. */
  model: string;
  /** 0 where the provider does not tell. */
  trainedTokens: number;
}

/** As what weights are given out: what training added to the base model, or that merged into it. */
export type WeightForm = 'adapter' | 'merged';

/** The weights of a model, as they were written into a folder, or why they cannot be had. */
export type Weights = WrittenWeights | { lacking: string };

/** Weights in a folder. */
export interface WrittenWeights {
  files: string[];
  /** Who loads them, as Hugging Face calls the library. */
  library: 'mlx' | 'peft' | 'transformers';
  /** Arguments of the model's chat template. */
  template?: Record<string, Json>;
  /** Of the base model, as its publisher calls it, where that is known. */
  license?: string;
}

/** A training file on disk, known by its content: chat format, a JSON object a line. */
export interface TrainingFile {
  path: string;
  /** In hexadecimal digits. */
  sha256: string;
  bytes: number;
}

/**
 * One way to fine-tune. Made anew for every call: what has to be remembered is at the provider.
 * A job has succeeded once its model answers, or can be deployed.
 */
export interface Trainer extends RemoteJobs<TrainingRequest, TunedModel> {
  /**
   * Why it cannot train at all, with the remedy; undefined where it can. Asked before anything is
   * spent, and costs nothing itself.
   */
  preflight(): Promise<string | undefined>;
  /**
   * Uploads a training file, unless one of this name and content is there.
   * @param name of the job's key and of no other
   * @returns its id
   */
  upload(file: TrainingFile, name: string, signal?: AbortSignal): Promise<string>;
  /**
   * Writes the weights of a model into an empty folder, for their use by others; left out where none
   * are given out.
   */
  weights?(wanted: WantedWeights, folder: string, signal?: AbortSignal): Promise<Weights>;
  /** How its models are put up and taken down again; left out where they answer by themselves. */
  readonly deployments?: Deployments;
  /**
   * What a fine-tune on an uploaded file would cost, in US dollars, as the provider itself estimates
   * it; undefined where it does not say. Asked before a run, and creates no job. Left out where
   * providers estimate nothing.
   */
  estimate?(planned: PlannedTraining, signal?: AbortSignal): Promise<number | undefined>;
}

/** A model that it has made, and the form in which its weights are wanted. */
export interface WantedWeights {
  model: Pick<ModelRecord, 'name' | 'base' | 'jobId'>;
  form: WeightForm;
}

/** A fine-tune that is only thought of. */
export type PlannedTraining = Pick<TrainingRequest, 'model' | 'training'> & {
  /** Of the training file, as `upload` gave it. */
  fileId: string;
};

/** What a trainer has of the endpoint that names it. */
export interface TrainerEndpoint {
  name: string;
  config: EndpointConfig;
  /** At the endpoint's `baseURL`, with its key, within its limits. It repeats what may be repeated. */
  client: OpenAI;
  /** The value of the endpoint's key, for another client; undefined where it takes none. */
  apiKey: string | undefined;
  /**
   * Whether a tuned model answers, by the smallest question there is; true where the endpoint serves
   * no models at all, so that nothing can be found out.
   * @param base the model it was tuned from; without it "no such model" is believed at once
   */
  serves(model: string, base?: string, signal?: AbortSignal): Promise<boolean>;
  /**
   * What Temporal is to see for an error of `client`: what happened and what to do, whether a
   * repetition helps, and when. Other errors are given back as they are.
   */
  failure(error: unknown, model?: string): Error;
}

/** A schema with a literal `type`. */
export type TrainerSchema = z.ZodObject<{ type: z.ZodLiteral<string> }>;

/** A kind of trainer, which endpoints of the configuration name by its `type`. */
export interface TrainerKind<Spec extends TrainerSchema = TrainerSchema> {
  /** What an endpoint's `trainer` holds: `type`, a literal, and the kind's own fields, described. */
  spec: Spec;
  /**
   * Fields of the spec by which no other model is made, such as how models are served: not in a job's
   * key, so that they may be changed while a run goes on.
   */
  incidental?: readonly (keyof z.output<Spec> & string)[];
  /** The trainer of an endpoint. Called for every call of a trainer: it opens nothing. */
  create(endpoint: TrainerEndpoint, spec: z.output<Spec>): Trainer;
}

/**
 * A kind of trainer of one's own, for `extensions.trainers` of the configuration; an endpoint names
 * it by `trainer: { type: … }`.
 *
 * @example
 * ```ts
 * import { defineTrainer } from 'semievol';
 * import { z } from 'zod';
 * import { Box } from './box.ts'; // speaks to a machine that takes ids of the client's choice
 *
 * export const box = defineTrainer({
 *   spec: z.strictObject({
 *     type: z.literal('box').describe('A machine of our own.'),
 *     host: z.string().describe('Its name.'),
 *   }),
 *   create: ({ serves }, { host }) => {
 *     const box = new Box(host);
 *     return {
 *       preflight: async () => ((await box.isUp()) ? undefined : `${host} is down: start it`),
 *       upload: async (file, name) => box.copy(file.path, name),
 *       adoptOrCreate: ({ name, request, fileId }) => box.startOnce(name, { ...request, fileId }),
 *       poll: async (id, { request }) => {
 *         const job = await box.look(id);
 *         const isReady = !job.result || (await serves(job.result.model, request.model));
 *         return isReady ? job : { ...job, state: 'pending', detail: 'its model is being loaded' };
 *       },
 *       isListed: (id) => box.has(id),
 *       cancel: ({ name }) => box.stop(name),
 *     };
 *   },
 * });
 * ```
 */
export function defineTrainer<Spec extends TrainerSchema>(
  kind: TrainerKind<Spec>,
): TrainerKind<Spec> {
  return kind;
}
