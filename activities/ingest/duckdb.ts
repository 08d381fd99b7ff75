import { DuckDBInstance } from '@duckdb/node-api';
import { DataError } from './errors.ts';
import { columnsOf, parseRecord } from './jsonl.ts';
import type { RawBatch } from './records.ts';

/** Each row as the text of a JSON object, so that nothing is guessed of its types. */
const queries = {
  // Parquet says its own types; lists become JSON lists.
  parquet: 'SELECT to_json(rows)::VARCHAR FROM read_parquet($path) AS rows',
  json: 'SELECT json::VARCHAR FROM read_json_objects($path, maximum_object_size = 67108864)',
};

/** Parquet, and JSON as an array of objects, by DuckDB: it streams both. */
export async function* readWithDuckDb(
  format: keyof typeof queries,
  path: string,
  file: string,
): AsyncGenerator<RawBatch> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: '512MB',
    threads: '1',
  });
  const connection = await instance.connect();
  try {
    const result = await connection.stream(queries[format], { path });
    let row = 0;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) break;
      const records = chunk.getColumnValues(0).map((source) => {
        row += 1;
        return parseRecord(String(source), row);
      });
      yield { columns: columnsOf(records), records };
    }
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new DataError(`${file}: cannot be read as ${format}: ${reason}`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
