import { createHash } from 'node:crypto';
import type { IngestReport } from '../core/ingestReport.ts';
import { builtIn, type Registry } from '../core/registry.ts';
import type { DataSpec, TaskSpec } from '../core/spec.ts';
import type { Progress } from '../core/status.ts';
import type { Split } from '../core/types.ts';
import type { DatasetInfo } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { SPLIT_ORDER } from './cleanFile.ts';
import { Cleaning } from './cleaning.ts';
import { hashesOf, localSources, type SplitSources, storeFiles } from './files.ts';
import { withFolder } from './scratch.ts';
import { sourceOf } from './source.ts';

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
    const { data, folder = '.' } = input;
    const sources: SplitSources = { labelled: [], unlabelled: [], test: [] };
    // A name that is wrong is told before any file is copied.
    for (const file of SPLIT_ORDER.flatMap((split) => data[split])) sourceOf(file, folder);
    for (const split of SPLIT_ORDER)
      sources[split] = await localSources(data[split], folder, scratch, signal);
    const id = await datasetId(input, sources, signal);
    const info =
      (await store.datasets.find(id)) ??
      (await write(store, id, input, sources, { registry, onProgress, signal }));
    return { dataset: id, counts: info.counts, report: info.report };
  });
}

/** 16 hex digits of SHA-256 over what the files hold (not where they are) and how they are read. */
async function datasetId(
  { data, task }: IngestInput,
  sources: SplitSources,
  signal?: AbortSignal,
): Promise<string> {
  const { labelled, unlabelled, test, ...reading } = data;
  const identity: unknown[] = [reading, task];
  for (const split of SPLIT_ORDER) identity.push(await hashesOf(sources[split], signal));
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
}

async function write(
  store: Store,
  id: string,
  { data, task: taskSpec }: IngestInput,
  sources: SplitSources,
  { registry, ...options }: IngestOptions & { registry: Registry },
): Promise<DatasetInfo> {
  const task = registry.task(taskSpec);
  const cleaning = new Cleaning(data, task);
  const writer = store.dataset(id).createExamples();
  try {
    await storeFiles(writer, sources, { data, task, cleaning, ...options });
  } catch (error) {
    await writer.discard();
    throw error;
  }
  return writer.commit({ counts: cleaning.counts, report: cleaning.report });
}
