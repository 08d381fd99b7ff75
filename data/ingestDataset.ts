import { createHash } from 'node:crypto';
import type { IngestReport } from '../core/ingestReport.ts';
import { builtIn, type Registry } from '../core/registry.ts';
import type { DataSpec, TaskSpec } from '../core/spec.ts';
import type { Progress } from '../core/status.ts';
import type { Split, StoredExample } from '../core/types.ts';
import type { DatasetInfo } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { cleanFile, SPLIT_ORDER } from './cleanFile.ts';
import { Cleaning } from './cleaning.ts';
import { withFolder } from './scratch.ts';
import { checkFile, contentHash, localCopy, type Source, sourceOf } from './source.ts';

export interface IngestInput {
  data: DataSpec;
  task: TaskSpec;
  /** Where relative paths start; the working folder when left out. */
  folder?: string;
}

export interface IngestResult {
  dataset: string;
  counts: Record<Split, number>;
  report: IngestReport;
}

export interface IngestOptions {
  /** The kinds of tasks there are; ours where it is left out. */
  registry?: Registry;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

/** Examples a commit, at least: large fragments are quick to read, and this many texts fit any memory. */
const COMMIT_SIZE = 10_000;

/**
 * Reads, cleans and stores the files of a data set as a stream; returns at once where the same
 * content under the same spec is in the store already. Throws DataError for what the user must
 * mend, before anything can have been spent.
 */
export async function ingestDataset(
  store: Store,
  input: IngestInput,
  { registry = builtIn, onProgress, signal }: IngestOptions = {},
): Promise<IngestResult> {
  return withFolder(async (scratch) => {
    const sources = await localSources(input, scratch, signal);
    const id = await datasetId(input, sources, signal);
    const info =
      (await store.datasets.find(id)) ??
      (await write(store, id, input, sources, { registry, onProgress, signal }));
    return { dataset: id, counts: info.counts, report: info.report };
  });
}

type SplitSources = Record<Split, Source[]>;

/** All files, checked, those behind URLs copied into the scratch folder. */
async function localSources(
  { data, folder = '.' }: IngestInput,
  scratch: string,
  signal?: AbortSignal,
): Promise<SplitSources> {
  const sources: SplitSources = { labelled: [], unlabelled: [], test: [] };
  for (const split of SPLIT_ORDER)
    sources[split] = data[split].map((file) => sourceOf(file, folder));
  for (const split of SPLIT_ORDER) {
    for (const [index, source] of sources[split].entries()) {
      const local = await localCopy(source, scratch, signal);
      await checkFile(local);
      sources[split][index] = local;
    }
  }
  return sources;
}

/** 16 hex digits of SHA-256 over what the files hold (not where they are) and how they are read. */
async function datasetId(
  { data, task }: IngestInput,
  sources: SplitSources,
  signal?: AbortSignal,
): Promise<string> {
  const { labelled, unlabelled, test, ...reading } = data;
  const identity: unknown[] = [reading, task];
  for (const split of SPLIT_ORDER) {
    const hashes: string[] = [];
    for (const source of sources[split]) hashes.push(await contentHash(source, signal));
    identity.push(hashes);
  }
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
}

async function write(
  store: Store,
  id: string,
  { data, task: taskSpec }: IngestInput,
  sources: SplitSources,
  options: IngestOptions & { registry: Registry },
): Promise<DatasetInfo> {
  const task = options.registry.task(taskSpec);
  const cleaning = new Cleaning(data, task);
  const writer = store.dataset(id).createExamples();
  const progress = await progressOf(sources, options.onProgress);
  try {
    let examples: StoredExample[] = [];
    const reading = { onBytes: progress, signal: options.signal };
    for (const split of SPLIT_ORDER) {
      const draw = cleaning.drawOf(split);
      for (const source of sources[split]) {
        for await (const some of cleanFile(split, source, data, task, cleaning, reading)) {
          if (draw) for (const example of some) draw.offer(example);
          else examples.push(...some);
          if (examples.length < COMMIT_SIZE) continue;
          await writer.append(examples);
          examples = [];
        }
      }
      if (draw) examples.push(...cleaning.settle(split, draw));
      cleaning.checkRows(split, data.maxBadRows);
    }
    cleaning.checkLabels();
    if (examples.length > 0) await writer.append(examples);
  } catch (error) {
    await writer.discard();
    throw error;
  }
  return writer.commit({ counts: cleaning.counts, report: cleaning.report });
}

/** A function that adds up bytes and tells the progress in kB. */
async function progressOf(
  sources: SplitSources,
  onProgress?: (progress: Progress) => void,
): Promise<(bytes: number) => void> {
  let total = 0;
  for (const source of Object.values(sources).flat()) total += await checkFile(source);
  let done = 0;
  const kilobytes = (bytes: number) => Math.ceil(bytes / 1_000);
  return (bytes) => {
    done += bytes;
    onProgress?.({ done: kilobytes(done), total: kilobytes(total), unit: 'kB' });
  };
}
