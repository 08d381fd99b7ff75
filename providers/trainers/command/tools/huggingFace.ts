import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonIn } from '../../../../core/json.ts';
import { flawOf } from '../adapter.ts';
import { ifThere } from '../files.ts';
import type { Checkpoint, LogSource } from './tool.ts';

/** An adapter as PEFT writes it. */
export const PEFT_WEIGHTS = 'adapter_model.safetensors';

/** What a tool prints that trains by the Trainer of transformers: its progress bar, and its metrics. */
export const PRINTED_BY_TRAINER: LogSource = {
  patterns: [
    /\s(?<step>\d+)\/(?<total>\d+) \[\d+:\d+/,
    /'loss': '?(?<loss>-?[\d.]+(?:e[-+]?\d+)?|nan|inf)/,
    /'num_tokens': '?(?<tokens>\d+)/,
  ],
};

/** The newest whole checkpoint of transformers' Trainer, which has its state written after the weights. */
export async function newestCheckpoint(output: string): Promise<Checkpoint | undefined> {
  const names = (await ifThere(readdir(output))) ?? [];
  const steps = names
    .map((name) => Number(/^checkpoint-(\d+)$/.exec(name)?.[1]))
    .filter((step) => step > 0)
    .sort((a, b) => b - a);
  for (const step of steps) {
    const path = join(output, `checkpoint-${step}`);
    const state = await ifThere(readFile(join(path, 'trainer_state.json'), 'utf8'));
    if (state && jsonIn(state) && !(await flawOf(join(path, PEFT_WEIGHTS)))) return { path, step };
  }
  return undefined;
}
