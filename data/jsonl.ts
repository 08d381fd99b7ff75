import { isObject } from '../core/json.ts';
import { DataError } from './errors.ts';
import { BATCH_SIZE, MAX_RECORD, type RawBatch, type RawRecord } from './records.ts';

/** JSON Lines: an object a line; blank lines are skipped. */
export async function* readJsonLines(
  text: AsyncIterable<string>,
  file: string,
): AsyncGenerator<RawBatch> {
  let line = 0;
  let first = true;
  let records: RawRecord[] = [];
  for await (const source of jsonLines(text, file)) {
    line += 1;
    if (source.trim() === '') continue;
    if (first && source.trimStart().startsWith('[')) {
      throw new DataError(
        `${file}, line ${line}: a list begins here, but each line of JSON Lines is an object. Name the file .json, or write it as lines: jq -c '.[]' FILE > FILE.jsonl`,
      );
    }
    first = false;
    records.push(parseRecord(source, line));
    if (records.length === BATCH_SIZE) {
      yield { columns: columnsOf(records), records };
      records = [];
    }
  }
  if (records.length > 0) yield { columns: columnsOf(records), records };
}

/** Lines, whatever ends them: within JSON a line end is always escaped. U+2028 is none. */
async function* jsonLines(text: AsyncIterable<string>, file: string): AsyncGenerator<string> {
  let pieces: string[] = []; // of a line that has not ended
  let length = 0;
  let line = 1;
  let afterReturn = false;
  for await (const chunk of text) {
    if (chunk === '') continue;
    const parts = (afterReturn && chunk[0] === '\n' ? chunk.slice(1) : chunk).split(/\r\n|\n|\r/);
    afterReturn = chunk.endsWith('\r');
    const rest = parts.pop()!;
    for (const part of parts) {
      yield pieces.join('') + part;
      pieces = [];
      length = 0;
      line += 1;
    }
    pieces.push(rest);
    length += rest.length;
    if (length > MAX_RECORD) {
      throw new DataError(
        `${file}, line ${line}: more than ${MAX_RECORD} characters without a line end. Is it JSON Lines?`,
      );
    }
  }
  yield pieces.join('');
}

/** One JSON object as a record. */
export function parseRecord(given: string, line: number): RawRecord {
  const source = given.replace(/^\uFEFF/, ''); // of a file that was appended to another
  try {
    const values: unknown = JSON.parse(source);
    if (isObject(values)) return { line, values };
    return { line, problem: 'not a JSON object' };
  } catch (error) {
    return { line, problem: `not JSON${whyNot(source, (error as Error).message)}` };
  }
}

/** The parser's message quotes the text, which may not leave the file. */
function whyNot(source: string, message: string): string {
  if (isJson(source.replace(/([:[,]\s*)(?:NaN|-?Infinity)\b/g, '$1null')))
    return ': it holds NaN or Infinity, which JSON does not have. Write null';
  if (/^\s*\{\s*'/.test(source)) return ': names and texts stand in double quotes (")';
  if (/end of JSON input/.test(message)) return ': the line ends before the object does';
  const at = /position \d+/.exec(message);
  return at ? ` (${at[0]})` : '';
}

function isJson(source: string): boolean {
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
}

export function columnsOf(records: readonly RawRecord[]): string[] {
  return [...new Set(records.flatMap(({ values }) => Object.keys(values ?? {})))];
}
