import { createTask } from '../../core/tasks.ts';
import { Cleaning } from './cleaning.ts';
import { checkColumns } from './columns.ts';
import type { IngestInput } from './ingestDataset.ts';
import { readRecords } from './read.ts';
import { bytesOf, checkFile, type Source, sourceOf } from './source.ts';

/** Records a file that are looked at. */
const head = 20;

/**
 * Looks at the head of each file, so that most mistakes are told at once and without a worker:
 * missing or unreadable files, wrong encoding, missing columns, rows of which none is good. Throws
 * DataError.
 */
export async function preflight({ data, task, folder = '.' }: IngestInput): Promise<void> {
  for (const split of ['labelled', 'unlabelled', 'test'] as const) {
    for (const file of data[split]) {
      const source = sourceOf(file, folder);
      if (!(await isReadable(source))) continue;
      const cleaning = new Cleaning(data.columns, createTask(task));
      for await (const { columns, records } of readRecords(source)) {
        checkColumns(columns, source.name, split, data.columns, createTask(task));
        for (const record of records.slice(0, head)) cleaning.take(record, source.name, split);
        break;
      }
      // So few rows say nothing of a share, unless all of them are bad or none may be.
      cleaning.check(split, data.maxBadRows === 0 ? 0 : 1);
    }
  }
}

/** Whether records can be read without copying the file here first. */
async function isReadable(source: Source): Promise<boolean> {
  if (!(source.location instanceof URL)) return (await checkFile(source)) > 0;
  if (source.format === 'csv' || source.format === 'jsonl') return true;
  (await bytesOf(source)).destroy();
  return false;
}
