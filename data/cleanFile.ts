import type { DataSpec } from '../core/spec.ts';
import type { Task } from '../core/tasks/task.ts';
import type { Split, StoredExample } from '../core/types.ts';
import type { Dataset } from '../store/dataset.ts';
import type { Cleaning } from './cleaning.ts';
import { checkColumns } from './columns.ts';
import { type ReadOptions, readRecords } from './read.ts';
import type { Source } from './source.ts';

/** The order in which cleaning needs the splits; see {@link Cleaning}. */
export const SPLIT_ORDER = ['test', 'labelled', 'unlabelled'] as const;

export interface CleanOptions extends ReadOptions {
  /** The version that is added to. */
  earlier?: Dataset | undefined;
}

/** The examples of one file, some at a time, up to its split's limit. Throws DataError. */
export async function* cleanFile(
  split: Split,
  source: Source,
  data: DataSpec,
  task: Task,
  cleaning: Cleaning,
  { earlier, ...options }: CleanOptions = {},
): AsyncGenerator<StoredExample[]> {
  cleaning.open(split, source.name);
  let first = true;
  let full = false;
  for await (const batch of readRecords(source, { ...options, separator: data.separator })) {
    options.signal?.throwIfAborted();
    if (first) checkColumns(batch, source.name, split, data, task);
    first = false;
    const parsed = batch.records.map((record) => cleaning.parse(record));
    const ids = parsed.flatMap(({ found }) => found?.example?.id ?? []);
    const known = await earlier?.lookUp(ids);
    const examples: StoredExample[] = [];
    for (const one of parsed) {
      full = cleaning.isFull(split);
      if (full) break;
      const example = cleaning.take(one, known?.get(one.found?.example?.id ?? ''));
      if (example) examples.push(example);
    }
    yield examples;
    if (full) break;
  }
  cleaning.close();
}
