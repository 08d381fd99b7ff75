import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { notFound } from './errors.ts';
import { newId, now, parseJson, readJson, StateError, writeJson } from './storage.ts';

export type JobStatus =
  | 'validating_files'
  | 'queued'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'cancelled';

export interface Hyperparameters {
  n_epochs: number | 'auto';
  batch_size: number | 'auto';
  learning_rate_multiplier: number | 'auto';
}

/** OpenAI's FineTuningJob. */
export interface Job {
  id: string;
  object: 'fine_tuning.job';
  created_at: number;
  finished_at: number | null;
  model: string;
  fine_tuned_model: string | null;
  organization_id: string;
  status: JobStatus;
  error: { code: string; message: string; param: string | null } | null;
  training_file: string;
  validation_file: string | null;
  result_files: string[];
  hyperparameters: Hyperparameters;
  method: { type: 'supervised'; supervised: { hyperparameters: Hyperparameters } };
  seed: number;
  trained_tokens: number | null;
  estimated_finish: number | null;
  metadata: Record<string, string>;
  user_provided_suffix: string | null;
}

/** OpenAI's FineTuningJobEvent; `data` of type metrics is {step, total_steps, train_loss}. */
export interface JobEvent {
  id: string;
  object: 'fine_tuning.job.event';
  created_at: number;
  level: 'info' | 'warn' | 'error';
  type: 'message' | 'metrics';
  message: string;
  data?: Record<string, number>;
}

/** OpenAI's FineTuningJobCheckpoint. */
export interface Checkpoint {
  id: string;
  object: 'fine_tuning.job.checkpoint';
  created_at: number;
  fine_tuning_job_id: string;
  fine_tuned_model_checkpoint: string;
  step_number: number;
  metrics: { step: number; train_loss: number };
}

/** A model that a job made. */
export interface Tuned {
  /** Name of the model that it was tuned from, in the end. */
  base: string;
  /** Folder of its adapter. */
  adapter: string;
  /** Unix seconds. */
  created: number;
}

const LOST_JOB = 'delete the folder that holds it; a run that waits for the job makes it anew';

interface JobRecord {
  job: Job;
  /** The last write of the job, which the next one waits for. */
  written: Promise<unknown>;
  events: JobEvent[];
  checkpoints: Checkpoint[];
}

export const isFinal = (status: JobStatus): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled';

/**
 * Fine-tuning jobs on disk, one folder each: `job.json`, `events.jsonl`, `checkpoints.jsonl`, and the adapters
 * `adapter` and `adapter-step-N`. Everything is written before it is told to anyone.
 */
export class JobStore {
  readonly #folder: string;
  readonly #records = new Map<string, JobRecord>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<JobStore> {
    const store = new JobStore(folder);
    await mkdir(folder, { recursive: true });
    for (const id of await readdir(folder)) {
      const file = store.#file(id, 'job.json');
      if (!existsSync(file)) continue;
      store.#records.set(id, {
        job: await readJson<Job>(file, LOST_JOB),
        written: Promise.resolve(),
        events: await readLines(store.#file(id, 'events.jsonl')),
        checkpoints: await readLines(store.#file(id, 'checkpoints.jsonl')),
      });
    }
    return store;
  }

  /** Where a job's adapter is, or its checkpoint after `step`. */
  adapterFolder(id: string, step?: number): string {
    return this.#file(id, step === undefined ? 'adapter' : `adapter-step-${step}`);
  }

  async create(
    fields: Pick<Job, 'model' | 'training_file' | 'seed' | 'metadata' | 'hyperparameters'> & {
      suffix: string | null;
    },
  ): Promise<Job> {
    const { suffix, ...rest } = fields;
    const id = newId('ftjob');
    const job: Job = {
      ...rest,
      id,
      object: 'fine_tuning.job',
      created_at: now(),
      finished_at: null,
      fine_tuned_model: null,
      organization_id: 'local',
      status: 'validating_files',
      error: null,
      validation_file: null,
      result_files: [],
      method: { type: 'supervised', supervised: { hyperparameters: fields.hyperparameters } },
      trained_tokens: null,
      estimated_finish: null,
      user_provided_suffix: suffix,
    };
    await mkdir(path.join(this.#folder, id));
    await writeJson(this.#file(id, 'job.json'), job);
    this.#records.set(id, { job, written: Promise.resolve(), events: [], checkpoints: [] });
    await this.addEvent(id, `Created fine-tuning job: ${id}`);
    return job;
  }

  /** @throws ApiError 404 */
  get(id: string): Job {
    return this.#record(id).job;
  }

  /** Newest first. */
  list(): Job[] {
    const jobs = [...this.#records.values()].map(({ job }) => job);
    return jobs.sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** Those that have not ended, oldest first. */
  unfinished(): Job[] {
    return this.list()
      .filter(({ status }) => !isFinal(status))
      .reverse();
  }

  /** Changes a job, after the changes asked for before; one that has ended stays as it is. Gives what the job is then. */
  async update(id: string, change: Partial<Job>): Promise<Job> {
    const record = this.#record(id);
    const update = record.written.then(async () => {
      if (isFinal(record.job.status)) return record.job;
      const job = { ...record.job, ...change };
      await writeJson(this.#file(id, 'job.json'), job);
      record.job = job;
      return job;
    });
    record.written = update.catch(() => undefined);
    return update;
  }

  /** Newest first. */
  events(id: string): JobEvent[] {
    return this.#record(id).events.toReversed();
  }

  async addEvent(
    id: string,
    message: string,
    { level = 'info', data }: { level?: JobEvent['level']; data?: Record<string, number> } = {},
  ): Promise<void> {
    const event: JobEvent = {
      id: newId('ftevent'),
      object: 'fine_tuning.job.event',
      created_at: now(),
      level,
      type: data ? 'metrics' : 'message',
      message,
      ...(data && { data }),
    };
    await appendFile(this.#file(id, 'events.jsonl'), `${JSON.stringify(event)}\n`);
    this.#record(id).events.push(event);
  }

  /** Newest first. */
  checkpoints(id: string): Checkpoint[] {
    return this.#record(id).checkpoints.toReversed();
  }

  async addCheckpoint(id: string, step: number, trainLoss: number): Promise<void> {
    const { job, checkpoints } = this.#record(id);
    if (checkpoints.some(({ step_number }) => step_number === step)) return;
    const checkpoint: Checkpoint = {
      id: newId('ftckpt'),
      object: 'fine_tuning.job.checkpoint',
      created_at: now(),
      fine_tuning_job_id: id,
      fine_tuned_model_checkpoint: `${modelName(job)}:ckpt-step-${step}`,
      step_number: step,
      metrics: { step, train_loss: trainLoss },
    };
    await appendFile(this.#file(id, 'checkpoints.jsonl'), `${JSON.stringify(checkpoint)}\n`);
    checkpoints.push(checkpoint);
  }

  /** Fine-tuned models and checkpoints by name. */
  models(): Map<string, Tuned> {
    const models = new Map<string, Tuned>();
    for (const { job, checkpoints } of this.#records.values()) {
      if (job.fine_tuned_model) {
        models.set(job.fine_tuned_model, {
          base: baseOf(job),
          adapter: this.adapterFolder(job.id),
          created: job.finished_at ?? job.created_at,
        });
      }
      for (const { fine_tuned_model_checkpoint, step_number, created_at } of checkpoints) {
        models.set(fine_tuned_model_checkpoint, {
          base: baseOf(job),
          adapter: this.adapterFolder(job.id, step_number),
          created: created_at,
        });
      }
    }
    return models;
  }

  #record(id: string): JobRecord {
    const record = this.#records.get(id);
    if (!record) throw notFound('fine-tuning job', id);
    return record;
  }

  #file(id: string, name: string): string {
    return path.join(this.#folder, id, name);
  }
}

/** The name a job's model has once it has succeeded. */
export const modelName = (job: Job): string =>
  `ft:${baseOf(job)}:${job.user_provided_suffix ?? 'semievol'}:${job.id.slice(-8)}`;

/** Name of the base that a job's model comes from, itself perhaps a tuned one. */
export const baseOf = ({ model }: Job): string =>
  model.startsWith('ft:') ? model.split(':')[1]! : model;

/** Lines of a JSONL file; one cut short by a crash is left out. */
const readLines = async <T>(file: string): Promise<T[]> => {
  if (!existsSync(file)) return [];
  const complete = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  return complete.map((line, index) => {
    const value = parseJson(line);
    if (value) return value as T;
    throw new StateError(`${file}:${index + 1} is damaged: ${LOST_JOB}`);
  });
};
