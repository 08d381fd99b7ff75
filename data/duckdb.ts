import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { isObject } from '../core/json.ts';
import { checkHead } from './content.ts';
import { DataError } from './errors.ts';
import { columnsOf, parseRecord } from './jsonl.ts';
import type { RawBatch, RawRecord } from './records.ts';
import type { Source } from './source.ts';

/** Parquet by DuckDB, as a stream. Numbers of a Hugging Face `ClassLabel` become its names. */
export async function* readParquet(source: Source): AsyncGenerator<RawBatch> {
  checkHead(await headOf(source.location as string), source);
  yield* withDuckDb(source, async function* (connection, path) {
    const classes = await classNames(connection, path);
    // As JSON, so that nothing is guessed of types: Parquet says its own, and lists stay lists.
    const rows = 'SELECT to_json(rows)::VARCHAR FROM read_parquet($path) AS rows';
    for await (const { columns, records } of query(connection, rows, path)) {
      for (const { values } of records) if (values) nameClasses(values, classes);
      yield { columns, records };
    }
  });
}

/** JSON as an array of objects, by DuckDB, as a stream. */
export async function* readJson(source: Source): AsyncGenerator<RawBatch> {
  yield* withDuckDb(source, async function* (connection, path) {
    const rows =
      'SELECT json::VARCHAR FROM read_json_objects($path, maximum_object_size = 67108864)';
    yield* query(connection, rows, path);
  });
}

async function headOf(location: string): Promise<Buffer> {
  const file = await open(location);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1_024), 0, 1_024, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A byte order mark is more than DuckDB's JSON reader takes. */
async function linkWithoutMark(location: string, path: string): Promise<void> {
  const mark = Buffer.from('\uFEFF');
  const head = await headOf(location);
  if (!head.subarray(0, mark.length).equals(mark)) return symlink(location, path);
  const rest = createReadStream(location, { start: mark.length });
  await pipeline(rest, createWriteStream(path));
}

/** Reads with a connection and the path of the file, and turns DuckDB's errors into ours. */
async function* withDuckDb(
  { name, format, location }: Source,
  read: (connection: DuckDBConnection, path: string) => AsyncGenerator<RawBatch>,
): AsyncGenerator<RawBatch> {
  // A path is a pattern to DuckDB, and folders called `a=b` are columns: it gets one without either.
  const folder = await mkdtemp(join(tmpdir(), 'semievol-read-'));
  const path = join(folder, `data.${format}`);
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: '512MB',
    threads: '1',
  });
  const connection = await instance.connect();
  try {
    await linkWithoutMark(location as string, path);
    yield* read(connection, path);
  } catch (error) {
    if (error instanceof DataError) throw error;
    const [reason = ''] = (error as Error).message.split('\n');
    throw new DataError(
      `${name}: cannot be read as ${format}. Write it again, or as CSV`,
      ` (${reason.replaceAll(path, name)})`,
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The rows that a query gives as JSON texts. */
async function* query(
  connection: DuckDBConnection,
  sql: string,
  path: string,
): AsyncGenerator<RawBatch> {
  const result = await connection.stream(sql, { path });
  let row = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    const records = chunk.getColumnValues(0).map((text): RawRecord => {
      row += 1;
      return parseRecord(String(text), row);
    });
    yield { columns: columnsOf(records), records };
  }
}

/** The names that the `datasets` library wrote for the numbers of a column, by column. */
async function classNames(
  connection: DuckDBConnection,
  path: string,
): Promise<Map<string, string[]>> {
  const metadata = await connection.runAndReadAll(
    "SELECT decode(value) FROM parquet_kv_metadata($path) WHERE decode(key) = 'huggingface'",
    { path },
  );
  const names = new Map<string, string[]>();
  for (const [text] of metadata.getRows()) {
    const { values } = parseRecord(String(text), 0);
    const features = isObject(values?.info) ? values.info.features : undefined;
    for (const [column, feature] of Object.entries(isObject(features) ? features : {})) {
      if (isObject(feature) && feature._type === 'ClassLabel' && Array.isArray(feature.names))
        names.set(column, feature.names.map(String));
    }
  }
  return names;
}

/** -1 says in such a file that there is no label; a number without a name stays. */
function nameClasses(values: Record<string, unknown>, classes: Map<string, string[]>): void {
  for (const [column, names] of classes) {
    const value = Object.hasOwn(values, column) ? values[column] : undefined;
    if (typeof value === 'number') values[column] = value === -1 ? null : (names[value] ?? value);
  }
}
