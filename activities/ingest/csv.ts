import { pipeline } from 'node:stream';
import { CsvError, type Options, parse } from 'csv-parse';
import { DataError } from './errors.ts';
import type { RawBatch, RawRecord } from './records.ts';
import { batchSize } from './records.ts';

/**
 * CSV (RFC 4180, with a header) by csv-parse: it streams, keeps every character of quoted fields,
 * and so lets the line of each record be counted, which DuckDB's reader does not tell.
 */
export async function* readCsv(
  text: AsyncIterable<string>,
  file: string,
): AsyncGenerator<RawBatch> {
  let line = 1;
  let columns: string[] | undefined;
  const options: Options<RawRecord, string[]> = {
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: 64 * 1024 ** 2,
    on_record(fields: string[]) {
      const start = line;
      line += 1 + newlines(fields);
      if (fields.length === 1 && fields[0]!.trim() === '') return null;
      if (columns) return record(columns, fields, start);
      columns = fields.map((name) => name.trim());
      return null;
    },
  };
  // The types of csv-parse know other records than arrays only with named columns.
  const parser = parse(options as unknown as Options);
  pipeline(text, parser, () => {}); // its errors come out of the parser
  let records: RawRecord[] = [];
  try {
    for await (const one of parser as AsyncIterable<RawRecord>) {
      records.push(one);
      if (records.length === batchSize) {
        yield { columns: columns!, records };
        records = [];
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new DataError(
      `${file}, line ${line}: the record that begins there cannot be read (${error.code}). Look for a quote that is not closed or not doubled`,
    );
  }
  if (columns) yield { columns, records };
}

function record(columns: string[], fields: string[], line: number): RawRecord {
  if (fields.length !== columns.length) {
    const problem = `${fields.length} fields where the header has ${columns.length}`;
    return { line, problem };
  }
  const values: Record<string, string> = {};
  columns.forEach((name, index) => {
    values[name] ??= fields[index]!;
  });
  return { line, values };
}

/** Only quoted fields hold line ends, and they keep them: a record's lines can be counted. */
function newlines(fields: string[]): number {
  let count = 0;
  for (const field of fields) {
    for (let at = field.indexOf('\n'); at >= 0; at = field.indexOf('\n', at + 1)) count += 1;
  }
  return count;
}
