import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import OpenAI, { toFile } from 'openai';
import { type Engine, type EngineOptions, startEngine } from '../../engine/gateway.ts';
import { BASE_MODEL, mlxEnvironment, PYTHON_EXECUTABLE } from '../../engine/settings.ts';
import { ensureEngine } from '../../engine/setup.ts';
import { lookUntil } from '../support/lookUntil.ts';

export const BASE = 'smollm2-135m-instruct';

/** A real engine on a free port with the official client, and how to leave nothing behind. */
export interface RunningEngine {
  engine: Engine;
  client: OpenAI;
  stateFolder: string;
}

export const temporaryFolder = (): Promise<string> =>
  mkdtemp(path.join(tmpdir(), 'semievol-engine-'));

export const clientOf = (url: string): OpenAI =>
  new OpenAI({ baseURL: url, apiKey: 'any', maxRetries: 0 });

export const start = async (
  stateFolder?: string,
  config?: EngineOptions['config'],
): Promise<RunningEngine> => {
  await ensureEngine();
  const folder = stateFolder ?? (await temporaryFolder());
  const engine = await startEngine({ port: 0, stateFolder: folder, config });
  return { engine, client: clientOf(engine.url), stateFolder: folder };
};

export const stop = async ({ engine, stateFolder }: RunningEngine): Promise<void> => {
  await engine.close();
  await rm(stateFolder, { recursive: true });
};

/** Makes a small model of random weights; its folder is called by the architecture, which smallModel.py knows. */
export const smallModel = async (folder: string): Promise<void> => {
  const script = path.join(import.meta.dirname, 'smallModel.py');
  const args = [path.basename(folder), BASE_MODEL.folder, folder];
  await execa(PYTHON_EXECUTABLE, [script, ...args], { env: mlxEnvironment() });
};

interface TrainingRow {
  messages: { role: 'system' | 'user' | 'assistant'; content: string }[];
}

/** Chat rows that a few steps suffice to learn: odd numbers are blue. */
export const trainingRows = (count: number): TrainingRow[] =>
  Array.from({ length: count }, (_, i) => ({
    messages: [
      { role: 'system', content: 'Name the colour.' },
      { role: 'user', content: `Thing ${i}` },
      { role: 'assistant', content: i % 2 ? 'blue' : 'green' },
    ],
  }));

export const jsonl = (rows: object[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

export const upload = async (client: OpenAI, content: string): Promise<string> => {
  const file = await toFile(Buffer.from(content), 'train.jsonl');
  return (await client.files.create({ file, purpose: 'fine-tune' })).id;
};

/** The job once `until` holds of it; the engine is asked again and again, as a client has to. */
export const waitForJob = async (
  client: OpenAI,
  id: string,
  until: (job: OpenAI.FineTuning.FineTuningJob) => boolean = ({ status }) =>
    ['succeeded', 'failed', 'cancelled'].includes(status),
): Promise<OpenAI.FineTuning.FineTuningJob> => {
  return lookUntil(() => client.fineTuning.jobs.retrieve(id), until);
};

/** Training losses by step, as the job's events of type metrics tell them. */
export const losses = async (client: OpenAI, id: string): Promise<number[]> => {
  const losses: number[] = [];
  for await (const { type, data } of client.fineTuning.jobs.listEvents(id)) {
    const { step, train_loss } = (data ?? {}) as { step: number; train_loss: number };
    if (type === 'metrics') losses[step - 1] = train_loss;
  }
  return losses;
};

/** All items of a paged list. */
export const collect = async <T>(pages: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
};
