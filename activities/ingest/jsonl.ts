import { linesOf } from '../lines.ts';
import { batchSize, type RawBatch, type RawRecord } from './records.ts';

/** JSON Lines: an object a line; blank lines are skipped. */
export async function* readJsonLines(text: AsyncIterable<string>): AsyncGenerator<RawBatch> {
  let line = 0;
  let records: RawRecord[] = [];
  for await (const source of linesOf(text)) {
    line += 1;
    if (source.trim() === '') continue;
    records.push(parseRecord(source, line));
    if (records.length === batchSize) {
      yield { columns: columnsOf(records), records };
      records = [];
    }
  }
  if (records.length > 0) yield { columns: columnsOf(records), records };
}

/** One JSON object as a record. */
export function parseRecord(source: string, line: number): RawRecord {
  try {
    const values: unknown = JSON.parse(source);
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
      return { line, values: values as Record<string, unknown> };
    }
    return { line, problem: 'not a JSON object' };
  } catch (error) {
    // The parser's message quotes the text, which may not leave the file.
    const at = /position \d+/.exec((error as Error).message);
    return { line, problem: `not JSON${at ? ` (${at[0]})` : ''}` };
  }
}

export function columnsOf(records: readonly RawRecord[]): string[] {
  return [...new Set(records.flatMap(({ values }) => Object.keys(values ?? {})))];
}
