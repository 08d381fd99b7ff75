import type { IngestReport } from '../core/ingestReport.ts';
import { builtIn, type Registry } from '../core/registry.ts';
import type { Split, StoredExample } from '../core/types.ts';
import { cleanFile, SPLIT_ORDER } from './cleanFile.ts';
import { Cleaning } from './cleaning.ts';
import { checkColumns } from './columns.ts';
import { checkedBytes } from './content.ts';
import { Draw } from './draw.ts';
import { DataError } from './errors.ts';
import type { IngestInput } from './ingestDataset.ts';
import { readRecords } from './read.ts';
import { bytesOf, checkFile, isLocal, localCopy, type Source, sourceOf } from './source.ts';

/** Records that are looked at of a file that is not read to its end. */
const HEAD_ROWS = 20;
/** What is drawn for a look is the same every time. */
const SAMPLE_SEED = 0;

export interface PreflightOptions {
  /** The kinds of tasks there are; ours where it is left out. */
  registry?: Registry;
  /** How many bytes of local files are read; half a GiB where it is left out. */
  bytes?: number;
  /** For how long files are read, in milliseconds; half a minute where it is left out. */
  ms?: number;
  /** How many examples of each split are given, drawn at random; none where it is left out. */
  sample?: number;
  /** A folder to which files behind URLs are copied, to be read as local ones are. */
  scratch?: string;
}

/** What the files hold, as far as they were read. */
export interface Preflight {
  /** Examples in each split that was read as the worker will read it. */
  counts: Partial<Record<Split, number>>;
  /** What became of the rows of each file that was read as the worker will read it. */
  files: IngestReport['files'];
  /** Names of the files of which only the first rows were looked at: URLs, and what is too large. */
  unread: string[];
  /** Of each split that was read as the worker will read it, the examples that were asked for. */
  samples: Partial<Record<Split, StoredExample[]>>;
  /** What is wrong in each split, with its remedy. */
  problems: string[];
}

/**
 * Reads and cleans the files as the worker will, so that mistakes are told at once and without one.
 * Of URLs, and beyond the limits, it looks at the first rows only.
 */
export async function preflight(
  { data, task: taskSpec, folder = '.' }: IngestInput,
  {
    registry = builtIn,
    bytes = 512 * 1024 ** 2,
    ms = 30_000,
    sample = 0,
    scratch,
  }: PreflightOptions = {},
): Promise<Preflight> {
  const task = registry.task(taskSpec);
  const cleaning = new Cleaning(data, task);
  const deadline = Date.now() + ms;
  const result: Preflight = { counts: {}, files: [], unread: [], samples: {}, problems: [] };
  let left = bytes;
  for (const split of SPLIT_ORDER)
    await look(split).catch((error) => {
      if (!(error instanceof DataError)) throw error;
      result.problems.push(error.message);
    });
  const { files } = cleaning.report;
  return { ...result, files: files.filter(({ file }) => !result.unread.includes(file)) };

  async function look(split: Split): Promise<void> {
    const unread = result.unread.length;
    if (data[split].length === 0) {
      result.counts[split] = 0;
      result.samples[split] = [];
      return;
    }
    const draw = cleaning.drawOf(split);
    const some = sample > 0 ? new Draw(SAMPLE_SEED, sample) : undefined;
    const take = (example: StoredExample) => (draw ?? some)?.offer(example);
    for (const given of data[split]) {
      const source = await nearby(sourceOf(given, folder));
      if (isLocal(source)) left -= await checkFile(source);
      if (isLocal(source) && left >= 0 && (await isReadBefore(deadline, source, split, take)))
        continue;
      result.unread.push(source.name);
      await lookAtHead(source, split).catch((error) => {
        // What may pass is worth another try to a worker; here somebody waits.
        throw error instanceof DataError || isLocal(source) ? error : new DataError(error.message);
      });
    }
    if (result.unread.length > unread) return;
    if (draw) for (const example of cleaning.settle(split, draw)) some?.offer(example);
    cleaning.checkRows(split, data.maxBadRows);
    cleaning.checkLeft(split);
    if (split === 'labelled') cleaning.checkLabels();
    result.counts[split] = cleaning.counts[split];
    if (some) result.samples[split] = some.drawn;
  }

  async function nearby(source: Source): Promise<Source> {
    if (scratch === undefined) return source;
    return localCopy(source, scratch).catch((error) => {
      throw error instanceof DataError ? error : new DataError(error.message);
    });
  }

  async function isReadBefore(
    end: number,
    source: Source,
    split: Split,
    take: (example: StoredExample) => void,
  ): Promise<boolean> {
    if (Date.now() > end) return false;
    for await (const some of cleanFile(split, source, data, task, cleaning)) {
      for (const example of some) take(example);
      if (Date.now() > end) return false;
    }
    return true;
  }

  async function lookAtHead(source: Source, split: Split): Promise<void> {
    const signal = timeOut(source, ms);
    if (!canStream(source)) return lookAtBytes(source, signal);
    const alone = new Cleaning(data, task);
    alone.open(split, source.name);
    for await (const batch of readRecords(source, { separator: data.separator, signal })) {
      checkColumns(batch, source.name, split, data, task);
      for (const record of batch.records.slice(0, HEAD_ROWS)) alone.take(alone.parse(record));
      break;
    }
    // So few rows say nothing of a share, unless all of them are bad or none may be.
    alone.checkRows(split, data.maxBadRows === 0 ? 0 : 1);
    alone.checkLeft(split);
  }
}

/** Ends the reading of a file elsewhere that gives its first rows too slowly. */
function timeOut(source: Source, ms: number): AbortSignal | undefined {
  if (isLocal(source)) return undefined;
  const controller = new AbortController();
  const problem = `${source.name}: its first rows have not come in ${ms / 1_000} s. Download the file and name it`;
  setTimeout(() => controller.abort(new DataError(problem)), ms).unref();
  return controller.signal;
}

/** Whether the first records can be read without copying the file here. */
function canStream(source: Source): boolean {
  return isLocal(source) || source.format === 'csv' || source.format === 'jsonl';
}

async function lookAtBytes(source: Source, signal?: AbortSignal): Promise<void> {
  for await (const _ of checkedBytes(await bytesOf(source, signal), source)) return;
}
