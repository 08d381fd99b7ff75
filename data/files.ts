import type { DataSpec } from '../core/spec.ts';
import type { Progress } from '../core/status.ts';
import type { Task } from '../core/tasks/task.ts';
import type { Split, StoredExample } from '../core/types.ts';
import type { Dataset } from '../store/dataset.ts';
import type { ExampleWriter } from '../store/examples.ts';
import { cleanFile, SPLIT_ORDER } from './cleanFile.ts';
import type { Cleaning } from './cleaning.ts';
import { checkFile, contentHash, type LocalSource, localCopy, sourceOf } from './source.ts';

export type SplitSources = Record<Split, LocalSource[]>;

/** Examples a commit, at least: large fragments are quick to read, and this many texts fit any memory. */
const COMMIT_SIZE = 10_000;

/** The files, checked, those elsewhere copied into the scratch folder. Throws DataError. */
export async function localSources(
  files: readonly string[],
  folder: string,
  scratch: string,
  signal?: AbortSignal,
): Promise<LocalSource[]> {
  const sources = files.map((file) => sourceOf(file, folder));
  const local: LocalSource[] = [];
  for (const source of sources) {
    const one = await localCopy(source, scratch, signal);
    await checkFile(one);
    local.push(one);
  }
  return local;
}

/** The same for each split. */
export async function splitSources(
  files: Partial<Record<Split, string[]>>,
  folder: string,
  scratch: string,
  signal?: AbortSignal,
): Promise<SplitSources> {
  const sources: SplitSources = { labelled: [], unlabelled: [], test: [] };
  for (const split of SPLIT_ORDER)
    sources[split] = await localSources(files[split] ?? [], folder, scratch, signal);
  return sources;
}

/** SHA-256 (hex) of what each of the files holds. */
export async function hashesOf(
  sources: readonly LocalSource[],
  signal?: AbortSignal,
): Promise<string[]> {
  const hashes: string[] = [];
  for (const source of sources) hashes.push(await contentHash(source, signal));
  return hashes;
}

/** The same of each split, in their order. */
export async function hashesOfSplits(
  sources: SplitSources,
  signal?: AbortSignal,
): Promise<string[][]> {
  const hashes: string[][] = [];
  for (const split of SPLIT_ORDER) hashes.push(await hashesOf(sources[split], signal));
  return hashes;
}

/** How files are read that change a data set. */
export interface Reading {
  data: DataSpec;
  task: Task;
  /** What else than their contents the versions go by. */
  identity: unknown;
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** How files are stored. */
export interface Storing extends Omit<Reading, 'identity'> {
  cleaning: Cleaning;
  /** The version that is added to; a data set is begun where it is left out. */
  earlier?: Dataset;
}

/** Reads, cleans and stores files as a stream. Throws DataError for what the user must mend. */
export async function storeFiles(
  writer: ExampleWriter,
  sources: SplitSources,
  { data, task, cleaning, earlier, onProgress, signal }: Storing,
): Promise<void> {
  let examples: StoredExample[] = [];
  const reading = { onBytes: await progressOf(sources, onProgress), signal, earlier };
  for (const split of SPLIT_ORDER) {
    if (sources[split].length === 0) continue;
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
    if (!earlier) cleaning.checkLeft(split);
  }
  if (!earlier) cleaning.checkLabels();
  if (examples.length > 0) await writer.append(examples);
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
