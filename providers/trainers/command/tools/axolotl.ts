import { newestCheckpoint, PEFT_WEIGHTS, PRINTED_BY_TRAINER } from './huggingFace.ts';
import type { Tool } from './tool.ts';

/** Axolotl: reads chat rows as they are, and renders them by the tokenizer's own template. */
export const axolotl: Tool = {
  command: ['axolotl', 'train', '{{config}}'],
  template: 'axolotl.yaml.tmpl',
  defaults: {
    ...{ rank: 16, alpha: 32, learningRate: 1e-4, batchSize: 8, perDevice: 1, maxTokens: 2048 },
    ...{ warmupRatio: 0.1, saveSteps: 50 },
  },
  log: PRINTED_BY_TRAINER,
  weights: PEFT_WEIGHTS,
  startsFromAdapter: true,
  newestCheckpoint,
  async arrange() {},
};
