import type { IngestReport } from '../core/ingestReport.ts';
import { builtIn, type Registry } from '../core/registry.ts';
import type { DataSpec, TaskSpec } from '../core/spec.ts';
import type { Progress } from '../core/status.ts';
import type { Split } from '../core/types.ts';
import type { Store } from '../store/store.ts';
import { SPLIT_ORDER } from './cleanFile.ts';
import { Cleaning } from './cleaning.ts';
import { hashesOfSplits, splitSources, storeFiles } from './files.ts';
import { withFolder } from './scratch.ts';
import { sourceOf } from './source.ts';
import { versionId, versionOf } from './version.ts';

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
    // A name that is wrong is told before any file is copied.
    for (const file of SPLIT_ORDER.flatMap((split) => data[split])) sourceOf(file, folder);
    const sources = await splitSources(data, folder, scratch, signal);
    const { labelled, unlabelled, test, ...reading } = data;
    const id = versionId(reading, input.task, ...(await hashesOfSplits(sources, signal)));
    const info = await versionOf(store, { id, root: id }, async ({ writer }) => {
      const task = registry.task(input.task);
      const cleaning = new Cleaning(data, task);
      await storeFiles(writer, sources, { data, task, cleaning, onProgress, signal });
      return { counts: cleaning.counts, report: cleaning.report };
    });
    return { dataset: id, counts: info.counts, report: info.report };
  });
}
