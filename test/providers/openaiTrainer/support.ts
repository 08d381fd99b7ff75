import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyed } from '../../../providers/remoteJobs.ts';
import type { Trainer, TrainingFile, TrainingOrder } from '../../../providers/trainer.ts';
import { Trainers } from '../../../providers/trainers/index.ts';
import { type Provider, startProvider } from '../../../testing/provider.ts';
import { use } from '../../support/suite.ts';
import { endpointAt, MODEL } from '../support.ts';

export const CHAT = '/chat/completions';
export const JOBS = '/fine_tuning/jobs';
export const row = (answer: string) =>
  `${JSON.stringify({ messages: [{ role: 'assistant', content: answer }] })}\n`;

/** What an order may differ in. */
interface Changes {
  fileId?: string;
  model?: string;
  round?: number;
  seed?: number;
  training?: TrainingOrder['request']['training'];
}

/** The trainer over OpenAI's wire, at a stand-in of its own. */
export class TrainerBench {
  readonly provider: Provider;
  readonly trainer: Trainer;
  readonly #folder: string;

  static async open(): Promise<TrainerBench> {
    const folder = await mkdtemp(join(tmpdir(), 'semievol-trainer-'));
    return new TrainerBench(await startProvider(), folder);
  }

  private constructor(provider: Provider, folder: string) {
    this.provider = provider;
    this.#folder = folder;
    this.trainer = this.another();
  }

  /** Of another process, or with another configuration. */
  another(config: object = {}): Trainer {
    return new Trainers().of(endpointAt(this.provider, config));
  }

  async trainingFile(content = row('plant')): Promise<TrainingFile> {
    const path = join(this.#folder, 'train.jsonl');
    await writeFile(path, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { path, sha256, bytes: Buffer.byteLength(content) };
  }

  upload(file: TrainingFile, by = this.trainer): Promise<string> {
    return by.upload(file, `${file.sha256}.jsonl`);
  }

  /** On a file that is there. */
  async order({ fileId, round = 1, ...changes }: Changes = {}): Promise<TrainingOrder> {
    const file = await this.trainingFile();
    const request = {
      ...{ namespace: 'default', store: 'store', sha256: file.sha256, suffix: 'warm-up' },
      trainer: { type: 'openai' },
      ...{ lineage: { run: 'run', round, role: 'warm-up', dataset: 'data' } as const },
      ...{ model: MODEL, training: { epochs: 2 }, seed: 7, ...changes },
    };
    const names = { path: ['run', round, 'warm-up'], label: request.suffix };
    return { ...keyed(request, names), fileId: fileId ?? (await this.upload(file)) };
  }

  /** A job of the same key that somebody else makes, `age` seconds older than now. */
  twin({ key, request, fileId }: Pick<TrainingOrder, 'key' | 'request' | 'fileId'>, age: number) {
    const metadata = { semievol_key: key };
    const job = this.jobs.create({ model: request.model, training_file: fileId, metadata });
    job.created_at -= age;
    return job;
  }

  get jobs() {
    return this.provider.jobs;
  }

  /** How many jobs were asked for. */
  get created(): number {
    return this.provider.requests({ kind: 'job' }).length;
  }

  statusOf(id: string): string | undefined {
    return this.jobs.all().find((job) => job.id === id)?.status;
  }

  async close(): Promise<void> {
    await this.provider.close();
    await rm(this.#folder, { recursive: true });
  }
}

/** A bench for each test of the suite. */
export const useTrainerBench = (): TrainerBench =>
  use(
    'test',
    () => TrainerBench.open(),
    (bench) => bench.close(),
  );
