import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type RunSpec, runSpec } from '../../core/spec.ts';
import { goldAnswer } from '../../test/support/provider/model.ts';
import type { Sizes } from '../../test/support/stack.ts';

export const LABELS = [
  'animal',
  'artifact',
  'body',
  'food',
  'location',
  'person',
  'plant',
  'state',
];

const WORDS =
  'a small large old new of the with used for made from that grows lives under over near water stone wood metal glass light dark north south winter summer round flat sharp soft heavy slow quick green red white black common rare wild kept eaten worn carried built found seen held known named type part kind group'.split(
    ' ',
  );
const FEWEST_WORDS = 8;
const MOST_WORDS = 20;

/**
 * Writes made-up definitions of 8 to 20 words, the length of a dictionary's, with the answers that
 * the stand-in provider knows, and gives a spec for them. The same sizes give the same files.
 * @param changes fields of the spec to set otherwise
 */
export async function writePool(
  folder: string,
  name: string,
  { labelled, unlabelled, test }: Sizes,
  changes: object = {},
): Promise<RunSpec> {
  const write = async (split: string, from: number, count: number) => {
    const file = join(folder, `${split}.jsonl`);
    await pipeline(Readable.from(lines(from, count)), createWriteStream(file));
    return file;
  };
  return runSpec.parse({
    name,
    task: { type: 'classification', labels: LABELS },
    data: {
      labelled: await write('labelled', 0, labelled),
      unlabelled: await write('unlabelled', labelled, unlabelled),
      test: await write('test', labelled + unlabelled, test),
    },
    ...changes,
  });
}

/** Lines of JSON, a thousand at a time: a stream of single ones is slow. */
function* lines(from: number, count: number): Generator<string> {
  let chunk = '';
  for (let index = from; index < from + count; index++) {
    const question = definition(index);
    chunk += `${JSON.stringify({ question, answer: goldAnswer(question, LABELS) })}\n`;
    if (index % 1_000 !== 999 && index < from + count - 1) continue;
    yield chunk;
    chunk = '';
  }
}

/** A definition like no other: its last word is its number. */
function definition(index: number): string {
  const random = generator(index);
  const length = FEWEST_WORDS + (random() % (MOST_WORDS - FEWEST_WORDS));
  const words = Array.from({ length }, () => WORDS[random() % WORDS.length]);
  return `${words.join(' ')} ${index}`;
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
