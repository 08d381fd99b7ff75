import type { DataSpec } from '../core/spec.ts';
import type { Task } from '../core/tasks/task.ts';
import type { Split, StoredExample } from '../core/types.ts';
import type { Cleaning } from './cleaning.ts';
import { checkColumns } from './columns.ts';
import { type ReadOptions, readRecords } from './read.ts';
import type { Source } from './source.ts';

/** The order in which cleaning needs the splits; see {@link Cleaning}. */
export const SPLIT_ORDER = ['test', 'labelled', 'unlabelled'] as const;

/** The examples of one file, some at a time, up to its split's limit. Throws DataError. */
export async function* cleanFile(
  split: Split,
  source: Source,
  data: DataSpec,
  task: Task,
  cleaning: Cleaning,
  options: ReadOptions = {},
): AsyncGenerator<StoredExample[]> {
  cleaning.open(split, source.name);
  let first = true;
  let full = false;
  for await (const batch of readRecords(source, { ...options, separator: data.separator })) {
    options.signal?.throwIfAborted();
    if (first) checkColumns(batch, source.name, split, data.columns, task);
    first = false;
    const examples: StoredExample[] = [];
    for (const record of batch.records) {
      full = cleaning.isFull(split);
      if (full) break;
      const example = cleaning.take(record);
      if (example) examples.push(example);
    }
    yield examples;
    if (full) break;
  }
  cleaning.close();
}
