import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PEFT_WEIGHTS, PRINTED_BY_TRAINER } from './huggingFace.ts';
import type { Tool } from './tool.ts';

/**
 * TRL: learns the completion of rows with a prompt and a completion, and of no others. Its program
 * goes on from no checkpoint, and from no adapter.
 */
export const trl: Tool = {
  command: ['trl', 'sft', '--config', '{{config}}'],
  template: 'trl.yaml.tmpl',
  defaults: {
    ...{ rank: 16, alpha: 32, learningRate: 1e-4, batchSize: 8, perDevice: 1, maxTokens: 2048 },
    ...{ warmupRatio: 0.1 },
  },
  log: PRINTED_BY_TRAINER,
  weights: PEFT_WEIGHTS,
  startsFromAdapter: false,
  async arrange(rows, data) {
    await mkdir(data, { recursive: true });
    await pipeline(Readable.from(completions(rows)), createWriteStream(join(data, 'train.jsonl')));
  },
};

async function* completions(rows: string): AsyncIterable<string> {
  for await (const line of createInterface({ input: createReadStream(rows, 'utf8') })) {
    if (line.trim() === '') continue;
    const { messages } = JSON.parse(line) as { messages: object[] };
    const row = { prompt: messages.slice(0, -1), completion: messages.slice(-1) };
    yield `${JSON.stringify(row)}\n`;
  }
}
