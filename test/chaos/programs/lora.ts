import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { Shelf } from '../../../testing/shelf.ts';
import { chance, tokens } from '../../../testing/wire.ts';

/**
 * Stands in for `mlx_lm.lora CONFIG`: prints its steps as that does, saves checkpoints, and goes on from
 * one. Its weights are the training file. What it has done it books in the folder LORA_STATE; the share
 * LORA_CRASHES of trainings, which follows from what they are, is killed once in the middle.
 */

interface Config {
  data: string;
  adapter_path: string;
  resume_adapter_file?: string | null;
  iters: number;
  save_every: number;
}

const STEP_MS = 100;
const { LORA_STATE: state, LORA_CRASHES: crashes = '0' } = process.env;
const config = parse(readFileSync(process.argv[2]!, 'utf8')) as Config;
const rows = readFileSync(join(config.data, 'train.jsonl'));
const digest = createHash('sha256').update(rows).digest('hex');
const isFirst = basename(dirname(process.argv[2]!)) === '1';
const crashAt =
  isFirst && chance('crash', digest, config.iters) < Number(crashes)
    ? Math.ceil(config.iters / 2) + 1
    : undefined;
const perStep = Math.max(1, Math.round(tokens(rows.toString()).length / config.iters));

/** A file of safetensors with one tensor, of bytes. */
function weights(): Buffer {
  const tensor = { dtype: 'U8', shape: [rows.length], data_offsets: [0, rows.length] };
  const header = Buffer.from(JSON.stringify({ w: tensor }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, rows]);
}

const books = new Shelf<{ item: object }>(state, 'jobs');
const attempt = dirname(process.argv[2]!);
/** Until it says that it has succeeded, it has failed. */
function book(step: number, status: 'failed' | 'succeeded'): void {
  const metadata = { semievol_key: attempt };
  books.set(attempt, { item: { id: attempt, status, trained_tokens: step * perStep, metadata } });
}

const save = (name: string, content: Buffer | string) =>
  writeFileSync(join(config.adapter_path, name), content);

mkdirSync(config.adapter_path, { recursive: true });
for (let step = 1; step <= config.iters; step++) {
  await sleep(STEP_MS);
  if (step === crashAt) process.kill(process.pid, 'SIGKILL');
  book(step, 'failed');
  writeSync(
    1,
    `   ${step}    ${(1 / step).toFixed(3)} ▼    ${perStep}    ${(step * perStep) / 1000}k\n`,
  );
  if (step % config.save_every === 0)
    save(`${String(step).padStart(7, '0')}_adapters.safetensors`, weights());
}
save('adapters.safetensors', weights());
save('adapter_config.json', '{}');
book(config.iters, 'succeeded');
