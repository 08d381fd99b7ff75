import type { FastifyInstance } from 'fastify';
import type { OpenAI } from 'openai';
import type { FileStore } from './files.ts';
import type { Models, TrainingRow } from './models.ts';
import { digest, nowInSeconds, type Page, page, Refusal, tokens } from './wire.ts';

/** A job as the wire shows it; its status may be one that the client does not know. */
export type Job = Omit<OpenAI.FineTuning.FineTuningJob, 'status'> & { status: string };
export type JobEvent = OpenAI.FineTuning.FineTuningJobEvent;

/** A state of a job: its status, and other fields that change with it. */
export type JobState = string | (Partial<Job> & { status: string });

export const DEFAULT_SCRIPT: JobState[] = ['validating_files', 'queued', 'running', 'succeeded'];
const FINAL = ['succeeded', 'failed', 'cancelled'];
const STEPS = 10;

interface Running {
  job: Job;
  /** States still to come; one is taken at each retrieval. */
  script: JobState[];
  events: JobEvent[];
}

type CreateParams = OpenAI.FineTuning.JobCreateParams;

/** Fine-tuning jobs that move on when they are looked at, or when the test says so. */
export class JobBook {
  readonly #files: FileStore;
  readonly #models: Models;
  readonly #script: JobState[];
  readonly #jobs = new Map<string, Running>();
  readonly #created = new Map<string, number>();
  #held: boolean;

  constructor(files: FileStore, models: Models, script: JobState[], held: boolean) {
    this.#files = files;
    this.#models = models;
    this.#script = script;
    this.#held = held;
  }

  /** Newest first. */
  all(): Job[] {
    return [...this.#jobs.values()].map((running) => running.job).reverse();
  }

  /** From now on jobs walk up to the state before their last, and stay there. */
  hold(): void {
    this.#held = true;
  }

  /** Lets jobs end again. */
  release(): void {
    this.#held = false;
  }

  /** Puts a job into a state now, whatever its script says: `finish(id, 'failed')`. */
  finish(id: string, state: JobState = 'succeeded'): void {
    const running = this.#running(id);
    running.script = [];
    this.#enter(running, state);
  }

  /** Makes a job vanish, as an operator of the provider might. */
  remove(id: string): void {
    this.#jobs.delete(id);
  }

  create(params: CreateParams): Job {
    checkMetadata(params.metadata);
    if (!this.#files.has(params.training_file))
      throw new Refusal(400, 'invalid_file', `No such file: ${params.training_file}`, {
        param: 'training_file',
      });
    this.#models.check(params.model, 400);
    const content = this.#files.get(params.training_file).content;
    const made = digest(params, content);
    const twins = this.#created.get(made) ?? 0;
    this.#created.set(made, twins + 1);
    const rows = trainingRows(content);
    const [first = 'validating_files', ...script] = rows ? this.#script : BROKEN_FILE;
    const supervised = params.method?.supervised?.hyperparameters;
    const job: Job = {
      id: `ftjob-${made}-${twins}`,
      object: 'fine_tuning.job',
      created_at: nowInSeconds(),
      finished_at: null,
      status: '',
      model: params.model,
      fine_tuned_model: null,
      organization_id: 'org-stand-in',
      training_file: params.training_file,
      validation_file: params.validation_file ?? null,
      result_files: [],
      seed: params.seed ?? 0,
      trained_tokens: null,
      error: null,
      hyperparameters: { n_epochs: 'auto', ...params.hyperparameters, ...supervised },
      metadata: params.metadata ?? null,
      method: params.method,
    };
    const running = { job, script, events: [] };
    this.#jobs.set(job.id, running);
    this.#enter(running, first);
    return job;
  }

  /** The job, after it has moved on by one state. */
  retrieve(id: string): Job {
    const running = this.#running(id);
    if (running.script.length > (this.#held ? 1 : 0)) this.#enter(running, running.script.shift()!);
    return running.job;
  }

  cancel(id: string): Job {
    const running = this.#running(id);
    if (FINAL.includes(running.job.status))
      throw new Refusal(400, 'invalid_request', `Job ${id} has ended: ${running.job.status}.`);
    this.finish(id, 'cancelled');
    return running.job;
  }

  /** Newest first. */
  events(id: string): JobEvent[] {
    return this.#running(id).events.toReversed();
  }

  checkpoints(id: string): OpenAI.FineTuning.Jobs.FineTuningJobCheckpoint[] {
    const { job } = this.#running(id);
    if (!job.fine_tuned_model) return [];
    return [STEPS, STEPS / 2].map((step) => ({
      id: `ftckpt-${job.id}-${step}`,
      object: 'fine_tuning.job.checkpoint',
      created_at: job.created_at,
      fine_tuned_model_checkpoint: `${job.fine_tuned_model}:ckpt-step-${step}`,
      fine_tuning_job_id: job.id,
      metrics: { step, train_loss: lossAt(step) },
      step_number: step,
    }));
  }

  #running(id: string): Running {
    const running = this.#jobs.get(id);
    if (!running) throw new Refusal(404, 'not_found', `No such job: ${id}`);
    return running;
  }

  #enter(running: Running, state: JobState): void {
    const { job } = running;
    const fields = typeof state === 'string' ? { status: state } : state;
    Object.assign(job, fields.status === 'succeeded' ? this.#train(job) : {}, fields);
    if (FINAL.includes(job.status)) job.finished_at = nowInSeconds();
    if (job.status === 'failed')
      job.error ??= { code: 'server_error', message: 'The job failed.', param: null };
    this.#report(running, `The job is ${job.status}.`);
    if (job.status === 'running')
      for (let step = 1; step <= STEPS; step++)
        this.#report(running, `Step ${step}/${STEPS}`, {
          step,
          total_steps: STEPS,
          train_loss: lossAt(step),
        });
  }

  /** Makes the tuned model. Its name follows from the job's request alone. */
  #train(job: Job): Partial<Job> {
    const rows = trainingRows(this.#files.get(job.training_file).content) ?? [];
    const name = `ft:${job.model}:stand-in::${job.id.split('-')[1]}`;
    this.#models.addTuned(name, job.model, rows);
    const words = rows.flatMap((row) => row.messages.map((one) => tokens(String(one.content))));
    const epochs = Number(job.hyperparameters.n_epochs) || 1;
    return { fine_tuned_model: name, trained_tokens: words.flat().length * epochs };
  }

  #report({ job, events }: Running, message: string, data?: object): void {
    events.push({
      id: `ftevent-${job.id}-${events.length}`,
      object: 'fine_tuning.job.event',
      created_at: nowInSeconds(),
      level: job.status === 'failed' ? 'error' : 'info',
      message,
      type: data ? 'metrics' : 'message',
      data,
    });
  }
}

const BROKEN_FILE: JobState[] = [
  'validating_files',
  {
    status: 'failed',
    error: {
      code: 'invalid_training_file',
      message: 'Every line of the training file must be a JSON object with messages.',
      param: 'training_file',
    },
  },
];

const lossAt = (step: number) => Number((2 / (1 + step)).toFixed(3));

/** The rows of a training file; undefined where it is none. */
function trainingRows(content: Buffer): TrainingRow[] | undefined {
  try {
    const rows = content
      .toString()
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as TrainingRow);
    return rows.length > 0 && rows.every((row) => Array.isArray(row.messages)) ? rows : undefined;
  } catch {
    return undefined;
  }
}

function checkMetadata(metadata: Record<string, string> | null | undefined): void {
  const pairs = Object.entries(metadata ?? {});
  const isTooLong = ([key, value]: [string, string]) => key.length > 64 || value.length > 512;
  if (pairs.length > 16 || pairs.some(isTooLong))
    throw new Refusal(400, 'invalid_metadata', '16 pairs of 64 and 512 characters at most.', {
      param: 'metadata',
    });
}

/** Whether a job has all the pairs that a query names as `metadata[key]=value`. */
function hasMetadata(job: Job, query: Record<string, string>): boolean {
  return Object.entries(query).every(([name, value]) => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    return key === undefined || job.metadata?.[key] === value;
  });
}

export function jobRoutes(app: FastifyInstance, jobs: JobBook): void {
  const path = '/fine_tuning/jobs';
  type Id = { Params: { id: string }; Querystring: Page };
  app.post<{ Body: CreateParams }>(path, async ({ body }) => jobs.create(body));
  app.get<{ Querystring: Page & Record<string, string> }>(path, async ({ query }) =>
    page(
      jobs.all().filter((job) => hasMetadata(job, query)),
      query,
    ),
  );
  app.get<Id>(`${path}/:id`, async ({ params }) => jobs.retrieve(params.id));
  app.post<Id>(`${path}/:id/cancel`, async ({ params }) => jobs.cancel(params.id));
  app.get<Id>(`${path}/:id/events`, async ({ params, query }) =>
    page(jobs.events(params.id), query),
  );
  app.get<Id>(`${path}/:id/checkpoints`, async ({ params, query }) =>
    page(jobs.checkpoints(params.id), query),
  );
}
