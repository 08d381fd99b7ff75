import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog, ChatModel } from './catalog.ts';
import type { FileStore } from './files.ts';
import { type Hyperparameters, isFinal, type Job, type JobStore, modelName } from './jobs.ts';
import { trainingOf } from './models.ts';
import type { ModelPool } from './pool.ts';
import { type Message, startPython } from './pythonProcess.ts';
import { JOB_DEFAULTS, mlxEnvironment, program } from './settings.ts';
import { now } from './storage.ts';

/** Between attempts to write down that a job has failed. */
const REWRITE_MS = 1000;

/**
 * Runs fine-tuning jobs one at a time, oldest first. A job that was running when the gateway stopped is run again from
 * its beginning; with its seed it takes the same steps.
 */
export class Trainer {
  readonly #jobs: JobStore;
  readonly #files: FileStore;
  readonly #catalog: Catalog;
  readonly #pool: ModelPool;
  readonly #log: (line: string) => void;
  #running?: { id: string; child: ChildProcess };
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: {
    jobs: JobStore;
    files: FileStore;
    catalog: Catalog;
    pool: ModelPool;
    log: (line: string) => void;
  }) {
    this.#jobs = parts.jobs;
    this.#files = parts.files;
    this.#catalog = parts.catalog;
    this.#pool = parts.pool;
    this.#log = parts.log;
  }

  /** Takes up what an earlier gateway left unfinished. @param unfinished oldest first */
  async resume(unfinished: Job[]): Promise<void> {
    for (const { id, status } of unfinished) {
      if (status === 'running') await this.#jobs.addEvent(id, 'The engine was restarted.');
      await this.enqueue(id);
    }
  }

  async enqueue(id: string): Promise<void> {
    const { status } = await this.#jobs.update(id, { status: 'queued' });
    if (isFinal(status)) return; // cancelled meanwhile
    await this.#jobs.addEvent(id, 'Files validated, moving job to queued state');
    this.#work = this.#work.then(() => this.#run(id));
  }

  /** Stops a job that waits or runs; a finished one stays as it is. */
  async cancel(id: string): Promise<Job> {
    const job = this.#jobs.get(id);
    if (isFinal(job.status)) return job;
    const ended = await this.#jobs.update(id, { status: 'cancelled', finished_at: now() });
    if (ended.status !== 'cancelled') return ended;
    if (this.#running?.id === id) this.#running.child.kill('SIGKILL');
    await this.#jobs.addEvent(id, 'The job was cancelled.');
    return ended;
  }

  /** Kills a running trainer; its job is left to the next gateway. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#running?.child.kill('SIGKILL');
    await this.#work;
  }

  async #run(id: string): Promise<void> {
    if (this.#closed || isFinal(this.#jobs.get(id).status)) return;
    try {
      await this.#jobs.update(id, { status: 'running' });
      await this.#jobs.addEvent(id, 'Fine-tuning job started');
      const model = this.#catalog.chatModel(this.#jobs.get(id).model);
      const ended = await this.#pool.beginTraining(model.base);
      try {
        if (this.#closed || isFinal(this.#jobs.get(id).status)) return;
        await this.#train(this.#jobs.get(id), model);
      } finally {
        ended();
      }
      if (this.#closed) return;
      const tuned = modelName(this.#jobs.get(id));
      const { status } = await this.#jobs.update(id, {
        status: 'succeeded',
        finished_at: now(),
        fine_tuned_model: tuned,
      });
      if (status === 'succeeded')
        await this.#jobs.addEvent(id, `New fine-tuned model created: ${tuned}`);
    } catch (error) {
      void this.#fail(id, (error as Error).message);
    }
  }

  /** Where even this cannot be written, as on a full disk, it is tried until it can; later jobs need not wait. */
  async #fail(id: string, message: string): Promise<void> {
    while (!this.#closed && !isFinal(this.#jobs.get(id).status)) {
      try {
        await this.#jobs.update(id, {
          status: 'failed',
          finished_at: now(),
          error: { code: 'training_failed', message, param: null },
        });
        await this.#jobs.addEvent(id, message, { level: 'error' });
      } catch (error) {
        this.#log(`The failure of ${id} (${message}) is not written: ${(error as Error).message}`);
        await sleep(REWRITE_MS, undefined, { ref: false });
      }
    }
  }

  /** Resolves when the trainer has written the adapter. @throws Error with the trainer's last lines */
  async #train(job: Job, model: ChatModel): Promise<void> {
    const spec = this.#specification(job, model);
    // Messages are taken one after another, since each is written to disk.
    let handled: Promise<void> = Promise.resolve();
    let done = false;
    const { child, lastLines } = startPython(
      { program: program('train'), env: mlxEnvironment() },
      (message) => {
        done ||= message.done === true;
        handled = handled.then(() => this.#record(job.id, message));
        handled.catch(() => child.kill('SIGKILL'));
      },
    );
    this.#running = { id: job.id, child };
    child.stdin.write(`${JSON.stringify(spec)}\n`);
    const reason = await new Promise<string>((resolve) => {
      child.on('error', ({ message }) => resolve(message));
      child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.#running = undefined;
    await handled;
    if (!done) throw new Error(`The trainer ended (${reason}): ${lastLines()}`.trim());
  }

  async #record(id: string, message: Message): Promise<void> {
    const { step, total, loss, tokens, checkpoint } = message;
    if (tokens !== undefined) await this.#jobs.update(id, { trained_tokens: tokens });
    if (checkpoint) await this.#jobs.addCheckpoint(id, step, loss);
    else if (step !== undefined) {
      await this.#jobs.addEvent(id, `Step ${step}/${total}: training loss=${loss.toFixed(4)}`, {
        data: { step, total_steps: total, train_loss: loss },
      });
    }
  }

  /** The job as engine/python/train.py takes it. */
  #specification(job: Job, { base, adapter }: ChatModel): object {
    const { n_epochs, batch_size, learning_rate_multiplier } = job.hyperparameters;
    return {
      ...trainingOf(base, Number(learning_rate_multiplier)),
      resume_adapter: adapter,
      rows: this.#files.contentPath(job.training_file),
      output: this.#jobs.adapterFolder(job.id),
      epochs: n_epochs,
      batch_size,
      seed: job.seed,
    };
  }
}

/** What a job's "auto" stands for. */
export const resolveHyperparameters = (wanted: Partial<Hyperparameters>): Hyperparameters => {
  const number = (value: number | 'auto' | undefined, fallback: number): number =>
    value === undefined || value === 'auto' ? fallback : value;
  return {
    n_epochs: number(wanted.n_epochs, JOB_DEFAULTS.epochs),
    batch_size: number(wanted.batch_size, JOB_DEFAULTS.batchSize),
    learning_rate_multiplier: number(wanted.learning_rate_multiplier, 1),
  };
};
