import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { execa } from 'execa';
import { wholeNumber } from '../cli/options.ts';
import { table } from '../cli/table.ts';
import { ranges } from '../core/range.ts';
import { ensureEnvironment } from '../engine/environment.ts';
import { example, temporaryStore, writeDataset } from '../test/store/support.ts';
import type { BenchOptions, BenchResult } from './support/bench.ts';
import {
  DIMENSIONS,
  readVectors,
  type SourceName,
  sources,
  type VectorFiles,
  vectorFiles,
} from './support/vectors.ts';

export const description =
  'queries/s and recall@3 of the search for neighbours, beside exact search with faiss; 2,000 at 0.99';

const TARGET = { queriesPerSecond: 2_000, recall: 0.99 };
const QUERIES = 2_500;
/** Queries a call: an activity asks for the neighbours of so many examples at once. */
const BATCH = 250;
const K = 3;
/** Passes over all queries, one of ours beside one of faiss. The quickest counts: others may want the cores. */
const PASSES = 5;

interface Options extends BenchOptions {
  labelled: number;
}

interface Pass {
  seconds: number;
  /** Of all processors together. */
  cpuSeconds: number;
  /** Ordinals of the k nearest of each query. */
  neighbours: number[][];
}

interface Comparison {
  /** Seconds to make the labelled vectors searchable. */
  prepareSeconds: number;
  /** Queries a second. */
  ours: number;
  faiss: number;
  /** Ours to faiss. */
  ratio: number;
  recall: number;
  /** Milliseconds of processor time a query, of the thriftiest pass: what other load disturbs least. */
  cpuMs: { ours: number; faiss: number };
  /** Queries a second of each pass. */
  passes: { ours: number[]; faiss: number[] };
}

export function addOptions(command: Command): Command {
  return command.option('--labelled <n>', 'labelled examples', wholeNumber(K), 10_000);
}

export async function run({ labelled, say, print }: Options): Promise<BenchResult> {
  const python = await ensureEnvironment({
    folder: resolve('.semievol', 'bench-python'),
    requirements: join(import.meta.dirname, 'requirements.txt'),
    onProgress: say,
  });
  const comparisons: Record<string, Comparison> = {};
  for (const source of Object.keys(sources) as SourceName[]) {
    const files = await vectorFiles(source, { labelled, queries: QUERIES }, say);
    say(`${source}: ${QUERIES} queries to ${labelled} labelled, ${PASSES} times`);
    comparisons[source] = await compare(python, files);
  }
  print(comparisonTable(comparisons));
  const all = Object.values(comparisons);
  const measured = {
    queriesPerSecond: Math.min(...all.map(({ ours }) => ours)),
    recall: Math.min(...all.map(({ recall }) => recall)),
  };
  return {
    bench: 'retrieval',
    measured,
    target: TARGET,
    ok: measured.queriesPerSecond >= TARGET.queriesPerSecond && measured.recall >= TARGET.recall,
    details: {
      labelled,
      queries: QUERIES,
      dimensions: DIMENSIONS,
      batch: BATCH,
      k: K,
      comparisons,
    },
  };
}

async function compare(python: string, files: VectorFiles): Promise<Comparison> {
  const ours = await openOurs(files);
  try {
    const passes: { ours: Pass[]; faiss: Pass[] } = { ours: [], faiss: [] };
    for (let pass = 0; pass < PASSES; pass += 1) {
      passes.ours.push(await ours.pass());
      passes.faiss.push(await faissPass(python, files));
    }
    const speeds = { ours: passes.ours.map(speedOf), faiss: passes.faiss.map(speedOf) };
    const best = { ours: Math.max(...speeds.ours), faiss: Math.max(...speeds.faiss) };
    return {
      prepareSeconds: ours.prepareSeconds,
      ...best,
      ratio: best.ours / best.faiss,
      recall: recallOf(passes.ours[0]!.neighbours, passes.faiss[0]!.neighbours),
      cpuMs: { ours: leastCpu(passes.ours), faiss: leastCpu(passes.faiss) },
      passes: speeds,
    };
  } finally {
    await ours.close();
  }
}

/** A data set with these labelled vectors, and passes over the queries as the activity `retrieve` makes them. */
async function openOurs(files: VectorFiles) {
  const { store, remove } = await temporaryStore();
  const [labelled, queries] = [await readVectors(files.labelled), await readVectors(files.queries)];
  const examples = labelled.map((_, ordinal) => example('labelled', ordinal));
  const dataset = await writeDataset(store, 'retrieval', examples);
  const rows = labelled.map((vector, ordinal) => ({ ordinal, id: examples[ordinal]!.id, vector }));
  await dataset.addVectors('model', 'labelled', rows);
  const startedAt = performance.now();
  await dataset.prepareSearch('model');
  const prepareSeconds = (performance.now() - startedAt) / 1000;
  const search = ({ from, to }: { from: number; to: number }) =>
    dataset.nearest('model', queries.slice(from, to), K);
  return {
    prepareSeconds,
    async pass(): Promise<Pass> {
      await search({ from: 0, to: BATCH });
      const [startedAt, cpuBefore] = [performance.now(), process.cpuUsage()];
      const neighbours: number[][] = [];
      for (const range of ranges(queries.length, BATCH)) {
        const found = await search(range);
        neighbours.push(...found.map((list) => list.map(({ ordinal }) => ordinal)));
      }
      const seconds = (performance.now() - startedAt) / 1000;
      const { user, system } = process.cpuUsage(cpuBefore);
      return { seconds, cpuSeconds: (user + system) / 1e6, neighbours };
    },
    close: remove,
  };
}

async function faissPass(python: string, files: VectorFiles): Promise<Pass> {
  const program = join(import.meta.dirname, 'support', 'faissFlat.py');
  const numbers = [DIMENSIONS, K, BATCH].map(String);
  const { stdout } = await execa(python, [program, files.labelled, files.queries, ...numbers]);
  return JSON.parse(stdout);
}

const speedOf = ({ seconds, neighbours }: Pass): number => neighbours.length / seconds;

const leastCpu = (passes: Pass[]): number =>
  (1000 * Math.min(...passes.map(({ cpuSeconds }) => cpuSeconds))) / QUERIES;

/** Share of the truly nearest that were found. */
function recallOf(found: number[][], truth: number[][]): number {
  const hits = truth.flatMap((nearest, query) =>
    nearest.filter((ordinal) => found[query]!.includes(ordinal)),
  );
  return hits.length / truth.flat().length;
}

function comparisonTable(comparisons: Record<string, Comparison>): string {
  return table(
    ['vectors', 'queries/s', 'faiss', 'ratio', 'CPU ms a query', 'faiss', 'recall@3'],
    Object.entries(comparisons).map(([source, { ours, faiss, ratio, cpuMs, recall }]) => [
      source,
      ours.toFixed(0),
      faiss.toFixed(0),
      ratio.toFixed(2),
      cpuMs.ours.toFixed(2),
      cpuMs.faiss.toFixed(2),
      recall.toFixed(4),
    ]),
  );
}
