import { DuckDBInstance } from '@duckdb/node-api';
import { dataSpec, type TaskSpec } from '../../core/spec.ts';
import { DataError } from '../../data/errors.ts';
import type { IngestInput } from '../../data/ingestDataset.ts';
import { type PreflightOptions, preflight } from '../../data/preflight.ts';
import type { RawBatch } from '../../data/records.ts';
import type { Folder } from '../support/folder.ts';

export const sentiment: TaskSpec = {
  type: 'classification',
  labels: ['negative', 'neutral', 'positive'],
};
export const choice: TaskSpec = { type: 'multiple-choice' };

/** An input over `labelled`, `unlabelled` and `test` files; `data` overrides parts of the spec. */
export function inputOf(folder: string, data: object = {}, task = sentiment): IngestInput {
  const files = { labelled: 'labelled.csv', unlabelled: 'unlabelled.csv', test: 'test.csv' };
  return { data: dataSpec.parse({ ...files, ...data }), task, folder };
}

/** Writes small good files under the names that `inputOf` expects. */
export async function writeGoodFiles({ write }: Folder): Promise<void> {
  await write('labelled.csv', 'question,answer\nfine,positive\nawful,negative\n');
  await write('unlabelled.csv', 'question\nnice\nbad\nso so\n');
  await write('test.csv', 'question,answer\ngreat,positive\n');
}

/** What the preflight finds in files, where nothing is wrong. @throws DataError with the first problem */
export async function preflighted(input: IngestInput, options?: PreflightOptions) {
  const { problems, ...found } = await preflight(input, options);
  if (problems.length > 0) throw new DataError(problems[0]!);
  return found;
}

/** Runs SQL of DuckDB, to write Parquet files with. */
export async function runSql(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

export async function collect(batches: AsyncIterable<RawBatch>) {
  const records: RawBatch['records'] = [];
  let columns: string[] = [];
  for await (const batch of batches) {
    columns = batch.columns;
    records.push(...batch.records);
  }
  return { columns, records };
}
