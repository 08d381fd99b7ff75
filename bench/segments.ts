import type { Command } from 'commander';
import { wholeNumber } from '../cli/options.ts';
import { ranges } from '../core/range.ts';
import type { Split } from '../core/types.ts';
import { next } from '../data/version.ts';
import type { Dataset } from '../store/dataset.ts';
import { NONE } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { cleanReport, example, temporaryStore } from '../test/store/support.ts';
import type { BenchOptions, BenchResult } from './support/bench.ts';
import { measuresTable } from './support/measures.ts';

export const description =
  'seconds to read 4,000 rows that came in 200 segments, at most 3 × those of the same in one';

const TARGET = 3;
const PASSES = 5;
const MODEL = 'bench';
const DIMENSIONS = 8;
/** Examples that a batch asks about, and labelled ones that it is shown of each. */
const BATCH = { examples: 1_000, shots: 3 };
const SPLITS: Split[] = ['labelled', 'unlabelled'];

interface Options extends BenchOptions {
  rows: number;
  segments: number;
}

/** What is timed, in milliseconds: each does what a phase does of a round. */
interface Times {
  scan: number;
  batch: number;
  at: number;
  vectors: number;
}

export function addOptions(command: Command): Command {
  return command
    .option('--rows <n>', 'rows, half of them labelled', wholeNumber(2), 4_000)
    .option('--segments <n>', 'in which they come', wholeNumber(1), 200);
}

export async function run({ rows, segments, say, print }: Options): Promise<BenchResult> {
  const { store, remove } = await temporaryStore();
  try {
    const sets: { segments: number; dataset: string; times: Times[] }[] = [];
    for (const count of [1, segments]) {
      say(`${rows} rows are stored in ${count} segments`);
      sets.push({ segments: count, dataset: await fill(store, rows, count), times: [] });
    }
    for (let pass = 0; pass < PASSES; pass++)
      for (const { dataset, times } of sets) times.push(await timed(store.dataset(dataset)));
    const measures = sets.map((set) => ({ segments: set.segments, ...fastest(set.times) }));
    print(
      measuresTable(
        measures,
        ['segments', (one) => one.segments],
        [
          ['ms to go through half of the rows', ({ scan }) => scan],
          [`ms to read ${BATCH.examples} in a row`, ({ batch }) => batch],
          [`ms to read ${BATCH.examples * BATCH.shots} anywhere`, ({ at }) => at],
          ['ms to read the vectors of half of the rows', ({ vectors }) => vectors],
        ],
      ),
    );
    const [one, many] = measures as unknown as [Times, Times];
    const kinds = ['scan', 'batch', 'at', 'vectors'] as const;
    const measured = Object.fromEntries(kinds.map((kind) => [kind, many[kind] / one[kind]]));
    return {
      ...{ bench: 'segments', measured, target: TARGET },
      ok: Object.values(measured).every((ratio) => ratio <= TARGET),
      details: { rows, segments, passes: PASSES, measures },
    };
  } finally {
    await remove();
  }
}

/** A data set of so many rows, half of them labelled, in so many segments, with their vectors. */
async function fill(store: Store, rows: number, segments: number): Promise<string> {
  const each = Math.ceil(rows / 2 / segments);
  const root = `in-${segments}`;
  let before: Awaited<ReturnType<Dataset['info']>> | undefined;
  for (const { from, to } of ranges(rows / 2, each)) {
    const id = before ? `${root}-${from}` : root;
    const writer = store.dataset(id).createExamples(root);
    const own = Array.from({ length: to - from }, (_, ordinal) =>
      SPLITS.map((split) => ({
        ...example(split, ordinal, { id: `${split}-${from + ordinal}` }),
        answer: 'an answer',
      })),
    ).flat();
    await writer.append(own);
    const counts = { ...NONE, labelled: to, unlabelled: to };
    const descent = before && { ...next(before), labelledBy: id };
    before = await writer.commit({ ...descent, counts, report: cleanReport });
    await store.dataset(id).pack();
    for (const split of SPLITS)
      await store.dataset(id).addVectors(
        MODEL,
        split,
        Array.from({ length: to - from }, (_, ordinal) => ({
          ordinal: from + ordinal,
          id: `${split}-${from + ordinal}`,
          vector: new Float32Array(DIMENSIONS).fill(from + ordinal + 1),
        })),
      );
  }
  // As each round does before anything is asked.
  await store.dataset(before!.id).prepareSearch(MODEL);
  return before!.id;
}

async function timed(dataset: Dataset): Promise<Times> {
  const count = await dataset.count('labelled');
  const all = { from: 0, to: count };
  const anywhere = Array.from(
    { length: Math.min(count, BATCH.examples * BATCH.shots) },
    (_, index) => (index * 7_919) % count,
  );
  return {
    scan: await milliseconds(async () => {
      for await (const _ of dataset.scan('unlabelled'));
    }),
    batch: await milliseconds(() =>
      dataset.range('unlabelled', { from: 0, to: Math.min(count, BATCH.examples) }),
    ),
    at: await milliseconds(() => dataset.at('labelled', anywhere)),
    vectors: await milliseconds(() => dataset.vectors(MODEL, 'labelled', all)),
  };
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Of each the quickest: others may want the cores. */
const fastest = (times: readonly Times[]): Times => ({
  scan: Math.min(...times.map(({ scan }) => scan)),
  batch: Math.min(...times.map(({ batch }) => batch)),
  at: Math.min(...times.map(({ at }) => at)),
  vectors: Math.min(...times.map(({ vectors }) => vectors)),
});
