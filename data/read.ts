import { checkedBytes } from './content.ts';
import { readCsv } from './csv.ts';
import { readJson, readParquet } from './duckdb.ts';
import { readJsonLines } from './jsonl.ts';
import type { RawBatch } from './records.ts';
import { bytesOf, type Source } from './source.ts';
import { decodeUtf8 } from './utf8.ts';

export interface ReadOptions {
  signal?: AbortSignal | undefined;
  /** Told the bytes read since the last call (not for Parquet and JSON). */
  onBytes?: (bytes: number) => void;
  /** What separates the cells of CSV files; found when left out. */
  separator?: string | undefined;
}

/**
 * The records of a source, in order, as a stream: no more than a batch is held. CSV and JSON Lines
 * may be read from a URL, Parquet and JSON from a file only. Throws DataError where the file as a
 * whole cannot be read; a bad record is given as one.
 */
export async function* readRecords(
  source: Source,
  { signal, onBytes, separator }: ReadOptions = {},
): AsyncGenerator<RawBatch> {
  const { name, format } = source;
  if (format === 'parquet') return yield* readParquet(source);
  const bytes = counted(await bytesOf(source, signal), onBytes);
  const text = decodeUtf8(checkedBytes(bytes, source), name);
  if (format === 'csv') return yield* readCsv(text, name, separator);
  if (format === 'jsonl') return yield* readJsonLines(text, name);
  for await (const _ of text); // DuckDB does not say where a text is not UTF-8
  yield* readJson(source);
}

async function* counted(bytes: AsyncIterable<Uint8Array>, onBytes?: (bytes: number) => void) {
  for await (const chunk of bytes) {
    onBytes?.(chunk.length);
    yield chunk;
  }
}
