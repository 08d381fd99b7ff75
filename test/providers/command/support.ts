import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Job } from '../../../providers/remoteJobs.ts';
import { keyed } from '../../../providers/remoteJobs.ts';
import type { Trainer, TrainingOrder, TunedModel } from '../../../providers/trainer.ts';
import { Trainers } from '../../../providers/trainers/index.ts';
import { Puppeteer } from '../../support/command/puppeteer.ts';
import { lookUntil } from '../../support/lookUntil.ts';
import { endpointAt } from '../support.ts';

export const BASE = 'a-base';
const POLLER = fileURLToPath(new URL('./poller.ts', import.meta.url));

/** Trainers by a command whose every move a test decides, in a state folder of their own. */
export class Workshop {
  readonly folder: string;
  readonly puppeteer: Puppeteer;

  static async open(): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), 'semievol-command-'));
    return new Workshop(folder, await Puppeteer.open(folder));
  }

  private constructor(folder: string, puppeteer: Puppeteer) {
    this.folder = folder;
    this.puppeteer = puppeteer;
  }

  get state(): string {
    return join(this.folder, 'state');
  }

  spec(more: object = {}) {
    const { command, env } = this.puppeteer;
    return {
      ...{ type: 'command', tool: 'mlx-lm', folder: this.state, command: [...command], env },
      ...more,
    };
  }

  /** As another process makes it. @param baseURL where nothing is served, so that a model need not answer */
  trainer(more: object = {}, baseURL = 'http://127.0.0.1:9/v1'): Trainer {
    const trainers = new Trainers();
    const spec = trainers.spec.parse(this.spec(more));
    return trainers.of(endpointAt({ baseURL }, { trainer: spec }));
  }

  /** An order on an uploaded file of so many rows: 8 rows are 4 steps of 4 rows in two epochs. */
  async order(seed = 1, { rows = 8, model = BASE }: { rows?: number; model?: string } = {}) {
    const path = join(this.folder, `rows-${rows}.jsonl`);
    const row = {
      messages: [
        { role: 'user', content: 'Two?' },
        { role: 'assistant', content: '2' },
      ],
    };
    await mkdir(this.folder, { recursive: true });
    await writeFile(path, `${JSON.stringify(row)}\n`.repeat(rows));
    const fileId = await this.trainer().upload(
      { path, sha256: String(rows), bytes: (JSON.stringify(row).length + 1) * rows },
      `semievol-${rows}.jsonl`,
    );
    const request = {
      ...{ namespace: 'default', store: 'store', trainer: this.spec(), sha256: String(rows) },
      lineage: { run: 'run', round: 1, role: 'warm-up', dataset: 'data' } as const,
      ...{ model, training: { epochs: 2 }, seed, suffix: 'run-1-warm-up' },
    };
    return { ...keyed(request, { path: ['run'], label: request.suffix }), fileId } as TrainingOrder;
  }

  /** Looks at a job until it is so. */
  async until(
    trainer: Trainer,
    id: string,
    order: TrainingOrder,
    isSo: (job: Job<TunedModel>) => boolean,
  ): Promise<Job<TunedModel>> {
    return lookUntil(() => trainer.poll(id, order), isSo);
  }

  async close(): Promise<void> {
    await this.puppeteer.close();
    await rm(this.folder, { recursive: true });
  }
}

/** A process of its own that looks at a job, and then only lives on. */
export class Worker {
  readonly #process: ChildProcess;

  static async start(spec: object, jobId: string, order: TrainingOrder): Promise<Worker> {
    const worker = spawn(process.execPath, [POLLER, JSON.stringify({ spec, jobId, order })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(worker.stdout, 'data');
    return new Worker(worker);
  }

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
