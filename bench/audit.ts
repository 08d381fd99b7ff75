import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { wholeNumber } from '../cli/options.ts';
import { suspicion } from '../core/audit/suspects.ts';
import { SoftmaxRegression } from '../core/coTraining/softmaxRegression.ts';
import { FOLDS, foldOf } from '../core/folds.ts';
import type { Vote } from '../core/neighbourVotes.ts';
import { runSpec } from '../core/registry.ts';
import { percent } from '../core/report/format.ts';
import { searchText } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import type { StoredExample } from '../core/types.ts';
import { ingestDataset } from '../data/ingestDataset.ts';
import { CATEGORIES, writeDemoData } from '../demo/data.ts';
import { temporaryStore } from '../test/store/support.ts';
import { temporaryFolder } from '../test/support/folder.ts';
import type { BenchOptions, BenchResult } from './support/bench.ts';
import { measuresTable } from './support/measures.ts';
import { DIMENSIONS, embedTexts } from './support/vectors.ts';

export const description =
  'share of the labelled rows an audit doubts that are wrong, of labels flipped by seed; at least half';

const TARGET = 0.5;
/** One label in so many is another than the right one. */
const FLIPPED = 7;
const NEIGHBOURS = 3;
/** How many labelled rows there are, of each draw. */
const SIZES = [80, 400];
/** Steps of a classifier. */
const STEPS = 300;
/** What an ingest cannot do without. */
const OTHERS = { unlabelled: 5, test: 5 };

interface Options extends BenchOptions {
  seeds: number;
  data?: string;
}

/** Who doubts: the audit, or one of its witnesses alone. */
const JUDGES = ['audit', 'model', 'neighbours'] as const;
type Judge = (typeof JUDGES)[number];

/** Rows that are doubted, and how many of these are wrong. */
type Doubted = Record<Judge, { suspects: number; found: number }>;

interface Measures {
  labelled: number;
  wrong: number;
  /** How often the model is right about rows that it has not learned. */
  accuracy: number;
  doubted: Doubted;
}

export function addOptions(command: Command): Command {
  return command
    .option('--seeds <n>', 'draws of the data for each size', wholeNumber(1), 10)
    .option('--data <folder>', "the SemiEvol authors' files of FPB, in place of the demo's data");
}

export async function run(options: Options): Promise<BenchResult> {
  const { seeds, data, say, print } = options;
  const draws: Measures[][] = [];
  for (let seed = 0; seed < seeds; seed++) {
    say(`seed ${seed} of ${seeds}`);
    const drawing = await drawn(options, Math.max(...SIZES), seed);
    draws.push(SIZES.map((size) => audited(drawing, size, seed)));
  }
  const measures = SIZES.map((_, index) => draws.map((draw) => draw[index]!).reduce(sumOf));
  const of = (judge: Judge, whole: (one: Measures) => number) => (one: Measures) =>
    percent(one.doubted[judge].found / whole(one));
  print(
    measuresTable(
      measures,
      ['labelled', ({ labelled }) => labelled / seeds],
      [
        ['of them wrong', ({ wrong }) => wrong / seeds],
        ['the model is right', ({ accuracy }) => percent(accuracy / seeds)],
        ...JUDGES.flatMap((judge): [string, (one: Measures) => string][] => [
          [`${judge}: suspects`, ({ doubted }) => (doubted[judge].suspects / seeds).toFixed(1)],
          [`${judge}: precision`, of(judge, ({ doubted }) => doubted[judge].suspects)],
          [`${judge}: recall`, of(judge, ({ wrong }) => wrong)],
        ]),
      ],
    ),
  );
  const precision = Object.fromEntries(
    measures.map(({ labelled, doubted: { audit } }) => [
      `${labelled / seeds}`,
      audit.found / audit.suspects,
    ]),
  );
  return {
    ...{ bench: 'audit', measured: precision, target: TARGET },
    ok: Object.values(precision).every((one) => one >= TARGET),
    details: { data: data ? 'fpb' : 'demo', flipped: FLIPPED, seeds, measures },
  };
}

interface Data {
  labels: readonly string[];
  examples: StoredExample[];
  /** Their embeddings, one after the other. */
  rows: Float32Array;
}

/** Labelled examples, as a run has them, with the answers that they came with. */
async function drawn({ data, say }: Options, labelled: number, seed: number): Promise<Data> {
  const { path } = await temporaryFolder();
  const { store, remove } = await temporaryStore();
  try {
    if (!data) await writeDemoData(path, { labelled, ...OTHERS }, seed);
    const labels = data ? ['negative', 'neutral', 'positive'] : [...CATEGORIES];
    const [folder, type] = data ? [resolve(data), 'csv'] : [path, 'jsonl'];
    const spec: RunSpec = runSpec.parse({
      name: 'audit',
      task: { type: 'classification', labels },
      data: {
        labelled: join(folder, data ? 'labeled.csv' : 'labelled.jsonl'),
        unlabelled: join(folder, data ? 'unlabeled.csv' : 'unlabelled.jsonl'),
        test: join(folder, `test.${type}`),
        limits: { labelled, ...OTHERS },
        draw: seed,
      },
    });
    const { dataset } = await ingestDataset(store, spec);
    const examples: StoredExample[] = [];
    for await (const one of store.dataset(dataset).scan('labelled')) examples.push(one);
    return { labels, examples, rows: await embedTexts(examples.map(searchText), say) };
  } finally {
    await remove();
    await rm(path, { recursive: true });
  }
}

/**
 * Flips some of the labels and counts who is doubted. As in cross-fitting each half is answered by a
 * model, and has neighbours, of the other one alone.
 */
function audited({ labels, rows, ...whole }: Data, size: number, seed: number): Measures {
  const examples = whole.examples.slice(0, size);
  const vectorOf = (at: number) => rows.subarray(at * DIMENSIONS, (at + 1) * DIMENSIONS);
  const right = examples.map(({ answer }) => labels.indexOf(answer!));
  const isWrong = (at: number) => (at + seed) % FLIPPED === 0;
  const given = right.map((label, at) => (isWrong(at) ? (label + 1) % labels.length : label));
  const all = [...examples.keys()];
  const doubted = Object.fromEntries(
    JUDGES.map((judge) => [judge, { suspects: 0, found: 0 }]),
  ) as Doubted;
  let correct = 0;
  for (const fold of Array(FOLDS).keys()) {
    const known = all.filter((at) => foldOf(examples[at]!) !== fold);
    const model = taught(known, vectorOf, given, labels.length);
    for (const at of all.filter((one) => foldOf(examples[one]!) === fold)) {
      const shares = model.predict(vectorOf(at));
      const label = labels[shares.indexOf(Math.max(...shares))]!;
      if (label === labels[right[at]!]) correct++;
      const gold = labels[given[at]!]!;
      const neighbours = nearest(vectorOf(at), known, vectorOf).map(
        ({ at: one, weight }): Vote => ({ answer: labels[given[one]!]!, weight }),
      );
      const opinion = { label, votes: 1, collaborators: 1 };
      const equal = (a: string, b: string) => a === b;
      const verdict = { ...opinion, agreed: true, entropy: 0, probability: 1, neighbours: null };
      const found: Record<Judge, boolean> = {
        audit: suspicion(gold, { verdict, neighbours }, equal) !== null,
        model: label !== gold,
        neighbours: strongest(neighbours) !== gold,
      };
      for (const judge of JUDGES) {
        if (!found[judge]) continue;
        doubted[judge].suspects++;
        if (isWrong(at)) doubted[judge].found++;
      }
    }
  }
  const { length } = examples;
  return {
    labelled: length,
    wrong: all.filter(isWrong).length,
    accuracy: correct / length,
    doubted,
  };
}

/** A classifier over embeddings, in the place of a fine-tuned model. */
function taught(
  known: readonly number[],
  vectorOf: (at: number) => Float32Array,
  given: readonly number[],
  classes: number,
): SoftmaxRegression {
  const vectors = new Float32Array(known.length * DIMENSIONS);
  known.forEach((at, row) => {
    vectors.set(vectorOf(at), row * DIMENSIONS);
  });
  const labels = Uint16Array.from(known, (at) => given[at]!);
  const weights = new Float32Array(known.length).fill(1);
  const model = new SoftmaxRegression({ vectors, labels, weights }, classes);
  for (let step = 0; step < STEPS; step++) model.step();
  return model;
}

/** The nearest of those that are known, with their similarity. */
function nearest(
  vector: Float32Array,
  known: readonly number[],
  vectorOf: (at: number) => Float32Array,
): { at: number; weight: number }[] {
  const product = (other: Float32Array) =>
    vector.reduce((sum, value, index) => sum + value * other[index]!, 0);
  return known
    .map((at) => ({ at, weight: Math.max(0, product(vectorOf(at))) }))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, NEIGHBOURS);
}

/** The answer of the most weight. */
function strongest(votes: readonly Vote[]): string {
  const weights = new Map<string, number>();
  for (const { answer, weight } of votes) weights.set(answer, (weights.get(answer) ?? 0) + weight);
  return [...weights].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

/** Two measures together. */
function sumOf(one: Measures, other: Measures): Measures {
  const together = (judge: Judge) => ({
    suspects: one.doubted[judge].suspects + other.doubted[judge].suspects,
    found: one.doubted[judge].found + other.doubted[judge].found,
  });
  return {
    labelled: one.labelled + other.labelled,
    wrong: one.wrong + other.wrong,
    accuracy: one.accuracy + other.accuracy,
    doubted: Object.fromEntries(JUDGES.map((judge) => [judge, together(judge)])) as Doubted,
  };
}
