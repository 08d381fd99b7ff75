import { link, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { flawOf } from '../adapter.ts';
import { ifThere } from '../files.ts';
import type { Tool } from './tool.ts';

export const MLX_WEIGHTS = 'adapters.safetensors';

/**
 * mlx-lm: its checkpoints are weights without the optimizer's state, and it counts its steps anew. An
 * attempt that goes on does the steps that are left, with a seed of its own: with the same one it would
 * draw the same batches again.
 */
export const mlx: Tool = {
  command: ['mlx_lm.lora', '--config', '{{config}}'],
  template: 'mlx-lm.yaml.tmpl',
  defaults: {
    ...{ rank: 16, scale: 2, layers: 16, learningRate: 1e-4, batchSize: 4, maxTokens: 2048 },
    ...{ saveSteps: 50 },
  },
  log: {
    countsAnew: true,
    patterns: [
      /^\s*(?<step>\d+)\s+(?<loss>-?[\d.]+|nan|inf) [▼▲]\s+[\d,]+\s+(?<kilotokens>[\d.]+)k/,
      // Before its version 0.32.
      /^Iter (?<step>\d+): Train loss (?<loss>-?[\d.]+|nan|inf),.* Trained Tokens (?<tokens>\d+)/,
    ],
  },
  weights: MLX_WEIGHTS,
  startsFromAdapter: true,
  async newestCheckpoint(output, done) {
    const names = (await ifThere(readdir(output))) ?? [];
    const files = names.filter((name) => /^\d+_adapters\.safetensors$/.test(name)).sort();
    for (const name of files.reverse()) {
      const path = join(output, name);
      if (!(await flawOf(path))) return { path, step: done + Number.parseInt(name, 10) };
    }
    return undefined;
  },
  async arrange(rows, data) {
    await mkdir(data, { recursive: true });
    await link(rows, join(data, 'train.jsonl'));
  },
  values: ({ checkpoint, adapter, steps, seed }) => ({
    iterations: steps - (checkpoint?.step ?? 0),
    seed: seed + (checkpoint?.step ?? 0),
    weights: checkpoint?.path ?? (adapter && join(adapter, MLX_WEIGHTS)),
  }),
};
