import type { FastifyInstance } from 'fastify';
import type { OpenAI } from 'openai';
import { Book, type Control, type State } from './book.ts';
import type { FileStore } from './files.ts';
import type { Models, TrainingRow } from './models.ts';
import type { JobRequest } from './requests.ts';
import { checkMetadata, digest, nowInSeconds, type Page, page, Refusal, tokens } from './wire.ts';

/** A job as the wire shows it; its status may be one that the client does not know. */
export type Job = Omit<OpenAI.FineTuning.FineTuningJob, 'status'> & { status: string };
export type JobEvent = OpenAI.FineTuning.FineTuningJobEvent;
/** A state of a job: its status, or the fields that change with it. */
export type JobState = State<Job>;
/** A hand on the fine-tuning jobs. */
export interface JobControl extends Control<Job> {
  /** Makes a job, as somebody else with the same account might. @throws Refusal */
  create(params: CreateParams): Job;
}
/** A usual end of a job, by its name. */
export type JobOutcome = keyof typeof JOB_SCRIPTS;
/**
 * What becomes of a job: a usual end, or the states it walks through, the first at its creation,
 * then one each time it is looked at.
 */
export type JobScript = JobOutcome | JobState[];

/** What may become of a job. Created although the answer was lost is a fault: `cut-after`. */
export const JOB_SCRIPTS = {
  succeeds: ['validating_files', 'queued', 'running', 'succeeded'],
  queues: ['validating_files', 'queued', 'queued', 'queued', 'queued', 'running', 'succeeded'],
  pauses: ['validating_files', 'running', 'pausing', 'paused', 'running', 'succeeded'],
  fails: ['validating_files', 'running', 'failed'],
  'is-cancelled': ['validating_files', 'running', 'cancelled'],
  'has-no-model': ['running', { status: 'succeeded', fine_tuned_model: null }],
  'is-unknown': ['validating_files', 'on_a_break', 'running', 'succeeded'],
  vanishes: ['validating_files', 'running', 'vanished'],
} satisfies Record<string, JobState[]>;

const STEPS = 10;

type CreateParams = JobRequest['body'];

/** Fine-tuning jobs. */
export class JobBook extends Book<Job> implements JobControl {
  readonly #files: FileStore;
  readonly #models: Models;
  readonly #scriptOf: (params: CreateParams) => JobScript;

  constructor(
    files: FileStore,
    models: Models,
    {
      scriptOf,
      held,
      folder,
    }: { scriptOf: (params: CreateParams) => JobScript; held: boolean; folder?: string },
  ) {
    super(folder, 'jobs', ['succeeded', 'failed', 'cancelled'], held);
    this.#files = files;
    this.#models = models;
    this.#scriptOf = scriptOf;
  }

  create(params: CreateParams): Job {
    checkMetadata(params.metadata);
    if (!this.#files.has(params.training_file))
      throw new Refusal(400, 'invalid_file', `No such file: ${params.training_file}`, {
        param: 'training_file',
      });
    this.#models.check(params.model, 400);
    const content = this.#files.get(params.training_file).content;
    const supervised = params.method?.supervised?.hyperparameters;
    const { training_file: _, metadata: __, ...training } = params;
    const job: Job = {
      id: this.newId(`ftjob-${digest(withoutMarks(training), content)}`),
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
    const script = this.#scriptOf(params);
    const states = typeof script === 'string' ? JOB_SCRIPTS[script] : script;
    return this.open(job, trainingRows(content) ? states : BROKEN_FILE);
  }

  cancel(id: string): Job {
    this.checkGoing(id);
    this.finish(id, 'cancelled');
    return this.get(id);
  }

  /** Newest first. */
  events(id: string): JobEvent[] {
    const lines = this.history(id).flatMap(({ status, at }) => [
      { at, status, message: `The job is ${status}.`, data: undefined },
      ...(status === 'running' ? METRICS.map((one) => ({ at, status, ...one })) : []),
    ]);
    return lines
      .map(({ at, status, message, data }, index) => ({
        id: `ftevent-${id}-${index}`,
        object: 'fine_tuning.job.event' as const,
        created_at: at,
        level: status === 'failed' ? ('error' as const) : ('info' as const),
        message,
        type: data ? ('metrics' as const) : ('message' as const),
        data,
      }))
      .reverse();
  }

  checkpoints(id: string): OpenAI.FineTuning.Jobs.FineTuningJobCheckpoint[] {
    const job = this.get(id);
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

  protected override onEnter(job: Job): Partial<Job> {
    const finished_at = this.isFinal(job.status) ? nowInSeconds() : null;
    const failure = { code: 'server_error', message: 'The job failed.', param: null };
    return {
      finished_at,
      ...(job.status === 'failed' && { error: failure }),
      ...(job.status === 'succeeded' && this.#train(job)),
    };
  }

  /** Makes the tuned model. Its name follows from the job's request and file alone. */
  #train(job: Job): Partial<Job> {
    const rows = trainingRows(this.#files.get(job.training_file).content) ?? [];
    const name = `ft:${job.model}:stand-in::${job.id.split('-')[1]}`;
    this.#models.addTuned(name, job.model, rows);
    const words = rows.flatMap((row) => row.messages.map((one) => tokens(String(one.content))));
    const epochs = Number(job.hyperparameters.n_epochs) || 1;
    return { fine_tuned_model: name, trained_tokens: words.flat().length * epochs };
  }
}

/** A hash at the end of a suffix tells whose a job is; what it makes is the same. */
const withoutMarks = (params: object) => JSON.stringify(params).replace(/-[0-9a-f]{8,}(?=")/g, '');

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

const METRICS = Array.from({ length: STEPS }, (_, index) => {
  const step = index + 1;
  return {
    message: `Step ${step}/${STEPS}`,
    data: { step, total_steps: STEPS, train_loss: lossAt(step) },
  };
});

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
