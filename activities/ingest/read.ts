import { readCsv } from './csv.ts';
import { readWithDuckDb } from './duckdb.ts';
import { readJsonLines } from './jsonl.ts';
import type { RawBatch } from './records.ts';
import { bytesOf, type Source } from './source.ts';
import { decodeUtf8 } from './utf8.ts';

export interface ReadOptions {
  signal?: AbortSignal | undefined;
  /** Told the bytes read since the last call (not for Parquet and JSON). */
  onBytes?: (bytes: number) => void;
}

/**
 * The records of a source, in order, as a stream: no more than a batch is held. CSV and JSON Lines
 * may be read from a URL, Parquet and JSON from a file only. Throws DataError where the file as a
 * whole cannot be read; a bad record is given as one.
 */
export async function* readRecords(
  source: Source,
  { signal, onBytes }: ReadOptions = {},
): AsyncGenerator<RawBatch> {
  const { name, format, location } = source;
  if (format === 'parquet') return yield* readWithDuckDb(format, location as string, name);
  const text = decodeUtf8(counted(await bytesOf(source, signal), onBytes), name);
  if (format === 'csv') return yield* readCsv(text, name);
  if (format === 'jsonl') return yield* readJsonLines(text);
  for await (const _ of text); // DuckDB does not say where a text is not UTF-8
  yield* readWithDuckDb(format, location as string, name);
}

async function* counted(bytes: AsyncIterable<Uint8Array>, onBytes?: (bytes: number) => void) {
  for await (const chunk of bytes) {
    onBytes?.(chunk.length);
    yield chunk;
  }
}
