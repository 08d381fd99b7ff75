import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runSpec } from '../../core/registry.ts';
import type { RunSpec } from '../../core/spec.ts';
import type { Shot, Split } from '../../core/types.ts';
import { CATEGORIES } from '../../demo/data.ts';
import { goldAnswer } from '../../testing/model.ts';

const WORDS =
  'a small large old new of the with used for made from that grows lives under over near water stone wood metal glass light dark north south winter summer round flat sharp soft heavy slow quick green red white black common rare wild kept eaten worn carried built found seen held known named type part kind group'.split(
    ' ',
  );
const FEWEST_WORDS = 8;
const MOST_WORDS = 20;

/** A spec for the files that `writePool` writes into a folder. @param changes fields set otherwise */
export function poolSpec(folder: string, name: string, changes: object = {}): RunSpec {
  const file = (split: Split) => join(folder, `${split}.jsonl`);
  return runSpec.parse({
    name,
    task: { type: 'classification', labels: CATEGORIES },
    resolution: 'justify',
    data: { labelled: file('labelled'), unlabelled: file('unlabelled'), test: file('test') },
    ...changes,
  });
}

/**
 * Writes made-up definitions of 8 to 20 words, the length of a dictionary's, with the answers that
 * the stand-in provider takes for right. The same sizes give the same files.
 */
export async function writePool(folder: string, sizes: Record<Split, number>): Promise<void> {
  let from = 0;
  for (const split of ['labelled', 'unlabelled', 'test'] as const) {
    const rows = Readable.from(lines(from, sizes[split]));
    await pipeline(rows, createWriteStream(join(folder, `${split}.jsonl`)));
    from += sizes[split];
  }
}

/** Lines of JSON, a thousand at a time: a stream of single ones is slow. */
function* lines(from: number, count: number): Generator<string> {
  let chunk = '';
  for (let index = from; index < from + count; index++) {
    const { question, answer } = example(index);
    chunk += `${JSON.stringify({ question, answer })}\n`;
    if (index % 1_000 !== 999 && index < from + count - 1) continue;
    yield chunk;
    chunk = '';
  }
}

/** The pool's example of this number, like no other: its last word is the number. */
export function example(index: number): Shot {
  const random = generator(index);
  const length = FEWEST_WORDS + (random() % (MOST_WORDS - FEWEST_WORDS + 1));
  const words = Array.from({ length }, () => WORDS[random() % WORDS.length]);
  const question = `${words.join(' ')} ${index}`;
  return { id: String(index), question, answer: goldAnswer(question, CATEGORIES) };
}

/** Marsaglia's xorshift, 32 bits. */
function generator(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
