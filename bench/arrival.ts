import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { wholeNumber } from '../cli/options.ts';
import { ranges } from '../core/range.ts';
import type { RunSpec } from '../core/spec.ts';
import { extendDataset } from '../data/extendDataset.ts';
import { ingestDataset } from '../data/ingestDataset.ts';
import type { Store } from '../store/store.ts';
import { temporaryStore } from '../test/store/support.ts';
import { temporaryFolder } from '../test/support/folder.ts';
import type { BenchOptions, BenchResult } from './support/bench.ts';
import { measuresTable } from './support/measures.ts';
import { example, poolSpec, writePool } from './support/pool.ts';

export const description =
  'seconds to add 1,000 rows to a million examples, at most 2 × those to 10,000; vectors of new ones only';

const TARGET = { ratio: 2 };
/** Rows of an addition, and how many of them are there already. */
const ADDED = { rows: 1_000, repeated: 100 };
/** Additions to each data set, one after the other, in turns. */
const PASSES = 9;
const OTHERS = { labelled: 1_000, test: 1_000 };
const MODEL = { name: 'bench', dimensions: 8 };
/** Vectors that are stored at once. */
const STORED = 16_384;

interface Options extends BenchOptions {
  examples: number;
}

/** A data set that is added to. */
interface Subject {
  examples: number;
  spec: RunSpec;
  dataset: string;
  seconds: number[];
}

interface Measures {
  examples: number;
  /** Of the additions, the middle one. */
  seconds: number;
  slowest: number;
  added: number;
  /** Examples without a vector after all additions. */
  toEmbed: number;
}

export function addOptions(command: Command): Command {
  return command.option('--examples <n>', 'of the large data set', wholeNumber(1), 1_000_000);
}

export async function run({ examples, say, print }: Options): Promise<BenchResult> {
  const { store, remove } = await temporaryStore();
  const { path } = await temporaryFolder();
  try {
    const subjects: Subject[] = [];
    for (const size of [10_000, examples]) {
      say(`${size} examples are stored, with their vectors`);
      subjects.push(await begin(store, join(path, String(size)), size));
    }
    for (let pass = 0; pass < PASSES; pass++)
      for (const subject of subjects) await add(store, path, subject, pass);
    const measures: Measures[] = [];
    for (const subject of subjects) measures.push(await measured(store, subject));
    print(
      measuresTable(
        measures,
        ['examples', (one) => one.examples],
        [
          ['seconds to add 1,000 rows', ({ seconds }) => seconds.toFixed(2)],
          ['of them the slowest', ({ slowest }) => slowest.toFixed(2)],
          ['new examples in all', ({ added }) => added],
          ['examples to embed', ({ toEmbed }) => toEmbed],
        ],
      ),
    );
    const [small, large] = measures as [Measures, Measures];
    const ratio = large.seconds / small.seconds;
    return {
      bench: 'arrival',
      measured: { ratio },
      target: TARGET,
      ok: ratio <= TARGET.ratio && measures.every(({ added, toEmbed }) => added === toEmbed),
      details: { ...ADDED, passes: PASSES, measures, seconds: subjects.map((one) => one.seconds) },
    };
  } finally {
    await remove();
    await rm(path, { recursive: true });
  }
}

async function begin(store: Store, folder: string, examples: number): Promise<Subject> {
  await mkdir(folder);
  await writePool(folder, { ...OTHERS, unlabelled: examples });
  const spec = poolSpec(folder, `arrival-${examples}`);
  const { dataset } = await ingestDataset(store, spec);
  const stored = store.dataset(dataset);
  for (const { from, to } of ranges(examples, STORED))
    await stored.addVectors(
      MODEL.name,
      'unlabelled',
      Array.from({ length: to - from }, (_, index) => ({
        ordinal: from + index,
        id: String(from + index),
        vector: new Float32Array(MODEL.dimensions).fill(1),
      })),
    );
  return { examples, spec, dataset, seconds: [] };
}

/** Adds rows of which the last stand in the data set already. */
async function add(store: Store, folder: string, subject: Subject, pass: number): Promise<void> {
  const { spec, dataset, seconds } = subject;
  const numbers = Array.from({ length: ADDED.rows }, (_, index) =>
    index < ADDED.rows - ADDED.repeated
      ? 100_000_000 + pass * ADDED.rows + index
      : OTHERS.labelled + pass * ADDED.repeated + (index - ADDED.rows + ADDED.repeated),
  );
  const file = join(folder, `${pass}.jsonl`);
  const lines = numbers.map((number) => JSON.stringify({ question: example(number).question }));
  await writeFile(file, lines.join('\n'));
  const startedAt = performance.now();
  const added = await extendDataset(store, {
    ...{ dataset, run: spec.name, data: spec.data, task: spec.task },
    arrival: { unlabelled: [file] },
  });
  seconds.push((performance.now() - startedAt) / 1_000);
  subject.dataset = added.dataset;
}

async function measured(store: Store, { examples, dataset, seconds }: Subject): Promise<Measures> {
  const stored = store.dataset(dataset);
  const total = await stored.count('unlabelled');
  let embedded = 0;
  for (const range of ranges(total, STORED))
    embedded += (await stored.vectors(MODEL.name, 'unlabelled', range)).size;
  const sorted = seconds.toSorted((a, b) => a - b);
  return {
    ...{ examples, added: total - examples, toEmbed: total - embedded },
    ...{ seconds: sorted[seconds.length >> 1]!, slowest: sorted.at(-1)! },
  };
}
