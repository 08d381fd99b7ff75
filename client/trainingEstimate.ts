import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { messagesOf } from '../core/errors.ts';
import type { Prospect } from '../core/forecast/prospect.ts';
import { Endpoint } from '../providers/endpoint.ts';
import { Trainers } from '../providers/trainers/index.ts';

/**
 * What the provider itself says that the first warm-up would cost, where its trainer asks: of a file
 * with the sampled labelled rows, which is uploaded for it, and in proportion to all of them.
 */
export async function estimateOf(
  { spec, task, samples: { labelled } }: Pick<Prospect, 'spec' | 'task' | 'samples'>,
  { config, folder }: { config: Config; folder: string },
): Promise<{ usd?: number; problem?: string }> {
  const { endpoint: name, name: model } = spec.model;
  const settings = config.endpoints[name];
  if (!settings || labelled.examples.length === 0) return {};
  const endpoint = new Endpoint(name, settings);
  const trainer = new Trainers(config.extensions.trainers).of(endpoint);
  if (!trainer.estimate) return {};
  const rows = labelled.examples.map((x) => JSON.stringify(task.trainingRow(x, x.answer)));
  const text = rows.map((row) => `${row}\n`).join('');
  const sha256 = createHash('sha256').update(text).digest('hex');
  const path = join(folder, 'plan.jsonl');
  await writeFile(path, text, { mode: 0o600 });
  try {
    const file = { path, sha256, bytes: Buffer.byteLength(text) };
    const fileId = await trainer.upload(file, `semievol-plan-${sha256.slice(0, 16)}`);
    const usd = await trainer.estimate({ model, training: spec.training, fileId });
    return usd === undefined ? {} : { usd: usd * (labelled.count / labelled.examples.length) };
  } catch (error) {
    return { problem: messagesOf(endpoint.failure(error, model))[0]! };
  }
}
