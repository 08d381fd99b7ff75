import { link } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../files.ts';
import { newestCheckpoint, PEFT_WEIGHTS } from './huggingFace.ts';
import type { Tool } from './tool.ts';

/** How chat rows are read, by the name of their set. */
const DATASET_INFO = {
  semievol: {
    file_name: 'train.jsonl',
    formatting: 'sharegpt',
    columns: { messages: 'messages' },
    tags: {
      ...{ role_tag: 'role', content_tag: 'content' },
      ...{ user_tag: 'user', assistant_tag: 'assistant', system_tag: 'system' },
    },
  },
};

/** LLaMA-Factory: every job has a `dataset_dir` of its own. */
export const llamaFactory: Tool = {
  command: ['llamafactory-cli', 'train', '{{config}}'],
  template: 'llama-factory.yaml.tmpl',
  defaults: {
    ...{ rank: 16, alpha: 32, learningRate: 1e-4, batchSize: 8, perDevice: 1, maxTokens: 2048 },
    ...{ warmupRatio: 0.1, saveSteps: 50, chatTemplate: 'llama3' },
  },
  log: {
    file: 'trainer_log.jsonl',
    patterns: [
      /"current_steps": (?<step>\d+)/,
      /"total_steps": (?<total>\d+)/,
      /"loss": (?<loss>-?[\d.]+(?:e[-+]?\d+)?|NaN|-?Infinity)/,
      /"total_tokens": (?<tokens>\d+)/,
    ],
  },
  weights: PEFT_WEIGHTS,
  startsFromAdapter: true,
  newestCheckpoint,
  async arrange(rows, data) {
    await writeWhole(join(data, 'dataset_info.json'), JSON.stringify(DATASET_INFO));
    await link(rows, join(data, 'train.jsonl'));
  },
};
