import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endpointConfig } from '../../providers/config.ts';
import { Endpoint } from '../../providers/endpoint.ts';
import { keyed } from '../../providers/remoteJobs.ts';
import type { Trainer, TrainingFile, TrainingOrder } from '../../providers/trainer.ts';
import { Trainers } from '../../providers/trainers/index.ts';

/** The variable with the key of a stand-in. */
export const KEY_ENV = 'SEMIEVOL_TEST_TRAINER_KEY';

/** The trainer of an endpoint at a stand-in, which looks often, and gives up as late as a real one does. */
export function trainerAt(
  { baseURL, key }: { baseURL: string; key: string },
  trainer: { type: string },
  more: object = {},
): Trainer {
  process.env[KEY_ENV] = key;
  const trainers = new Trainers();
  const given = { baseURL, apiKeyEnv: KEY_ENV, pollSeconds: 0.01, ...more };
  const config = endpointConfig.parse({ ...given, trainer: trainers.spec.parse(trainer) });
  return trainers.of(new Endpoint('hosted', config));
}

/** A row of chat with this answer, as a line. */
export const row = (answer: string): string =>
  `${JSON.stringify({
    messages: [
      { role: 'user', content: 'Which kind?\nLabels: animal, plant' },
      { role: 'assistant', content: answer },
    ],
  })}\n`;

/** A training file of this content. */
export async function trainingFile(folder: string, content = row('plant')): Promise<TrainingFile> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const path = join(folder, `${sha256}.jsonl`);
  await writeFile(path, content);
  return { path, sha256, bytes: Buffer.byteLength(content) };
}

/** An order for a job on such a file, uploaded as `fileId`, with what is to differ. */
export function trainingOrder(
  file: TrainingFile,
  fileId: string,
  request: Pick<TrainingOrder['request'], 'model' | 'trainer'> &
    Partial<TrainingOrder['request']> & { round?: number },
): TrainingOrder {
  const { round = 1, ...changes } = request;
  const whole = {
    ...{ namespace: 'default', store: 'store', sha256: file.sha256, suffix: 'warm-up' },
    ...{ lineage: { run: 'run', round, role: 'warm-up', dataset: 'data' } as const },
    ...{ training: { epochs: 2 }, seed: 7, ...changes },
  };
  const names = { path: ['run', round, 'warm-up'], label: whole.suffix };
  return { ...keyed(whole, names), fileId };
}
