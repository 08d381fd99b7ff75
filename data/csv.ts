import { DataError } from './errors.ts';
import { batchSize, maxRecord, type RawBatch, type RawRecord } from './records.ts';

/** Separators that are looked for, the first before the others. */
const separators = [',', ';', '\t', '|'];
/** Characters at the beginning of a file that show how it is written. */
const headSize = 64 * 1024;

/**
 * CSV (RFC 4180, with a header; the separator is found when none is given). It is read by our own
 * code because a quote that does not close may cost its own row only: the reader has to go back to
 * the line after it, and streaming parsers have nothing to go back to.
 */
export async function* readCsv(
  text: AsyncIterable<string>,
  file: string,
  given?: string,
): AsyncGenerator<RawBatch> {
  const input = new Input(text, file);
  const head = await input.head();
  const first = /^"?sep=([^"\r\n])"?(?:\r\n|\n|\r|$)/i.exec(head);
  if (first) input.skip(first[0].length, 1);
  const separator = given ?? first?.[1] ?? separatorOf(first ? head.slice(first[0].length) : head);
  const holdsLines = hasLongFields(head, separator);

  let columns: string[] | undefined;
  let records: RawRecord[] = [];
  for (;;) {
    const line = input.line;
    const found = await input.next(separator);
    if (found === undefined) break;
    const { fields, lines } = found;
    if (fields === undefined) {
      if (!columns) throw new DataError(`${file}, line ${line}: ${quoteProblem}`);
      records.push({ line, problem: quoteProblem });
      continue;
    }
    if (fields.length === 1 && fields[0]!.trim() === '') continue;
    fields[0] = fields[0]!.replace(/^\uFEFF/, ''); // of a file that was appended to another
    if (columns === undefined) {
      columns = fields.map((name) => name.trim());
      continue;
    }
    const rows = holdsLines || lines < 5 ? 0 : swallowed(fields, columns, separator);
    records.push(recordOf(columns, fields, line, rows));
    if (records.length >= batchSize) {
      yield { columns, records, separator };
      records = [];
    }
  }
  if (columns) yield { columns, records, separator };
}

const quoteProblem =
  'a field opens with a quote that does not close before a separator or a line end. Close it, and double the quotes within the text ("")';

function recordOf(columns: string[], fields: string[], line: number, rows: number): RawRecord {
  if (rows > 0) {
    const problem = `a quoted field runs over ${rows} lines that look like rows of their own. Close the quote before them; where it is right, give the file as JSONL`;
    return { line, problem, rows: rows + 1 };
  }
  if (!fits(fields, columns)) {
    return { line, problem: `${fields.length} fields where the header has ${columns.length}` };
  }
  if (columns.every((name, index) => name === fields[index]?.trim())) {
    return { line, problem: 'it repeats the header' };
  }
  const cells = columns.map((name, index) => [name, fields[index] ?? ''] as const);
  return { line, values: Object.fromEntries(cells.reverse()) };
}

/** Spreadsheets write empty cells after the last column, and a column without a name may be short. */
function fits(fields: string[], columns: string[]): boolean {
  const isBlank = (text: string) => text.trim() === '';
  return fields.slice(columns.length).every(isBlank) && columns.slice(fields.length).every(isBlank);
}

/**
 * Lines within a quoted field that are rows, as far as one can tell: a quote was forgotten, and the
 * next one ended the field. Few lines prove nothing, and in a single column any line is like a row.
 */
function swallowed(fields: string[], columns: string[], separator: string): number {
  const enough = columns.length > 1 ? 3 : 20;
  const isRow = (line: string) =>
    line.trim() !== '' && fits(recordAt(line, 0, separator, true)?.fields ?? [], columns);
  for (const field of fields) {
    const within = field.split(lineEnd).slice(1, -1);
    if (within.length >= enough && within.every(isRow)) return within.length;
  }
  return 0;
}

const lineEnd = /\r\n|\n|\r/;

/** The separator that cuts the header into columns, and most of the first rows into as many. */
function separatorOf(head: string): string {
  const scored = separators.map((separator) => {
    const [columns = [], ...rows] = headRecords(head, separator);
    const fitting = rows.filter((fields) => fits(fields, columns)).length;
    return { separator, columns: columns.length, share: rows.length ? fitting / rows.length : 1 };
  });
  const [best] = scored
    .filter((one) => one.columns > 1)
    .sort((a, b) => b.share - a.share || b.columns - a.columns);
  return best?.separator ?? ',';
}

/** Whether records over several lines are usual in a file, so that they are no sign of a mistake. */
function hasLongFields(head: string, separator: string): boolean {
  const records = headRecords(head, separator);
  const long = records.filter((fields) => fields.some((field) => lineEnd.test(field))).length;
  return long >= 3 && long >= records.length / 10;
}

function headRecords(head: string, separator: string): string[][] {
  const records: string[][] = [];
  for (let at = 0; at < head.length; ) {
    const found = recordAt(head, at, separator, head.length < headSize);
    if (found === undefined) break;
    if (found.fields && !(found.fields.length === 1 && found.fields[0]!.trim() === ''))
      records.push(found.fields);
    at = found.end;
  }
  return records;
}

/** Text as it comes, from which records are taken. */
class Input {
  /** The line that comes next, from 1. */
  line = 1;
  readonly #chunks: AsyncIterator<string>;
  readonly #file: string;
  #text = '';
  #at = 0;
  #ended = false;

  constructor(text: AsyncIterable<string>, file: string) {
    this.#chunks = text[Symbol.asyncIterator]();
    this.#file = file;
  }

  /** The beginning of the text, which is not taken by this. */
  async head(): Promise<string> {
    while (!this.#ended && this.#text.length < headSize) await this.#more();
    return this.#text.slice(0, headSize);
  }

  skip(characters: number, lines: number): void {
    this.#at += characters;
    this.line += lines;
  }

  /** The next record; undefined at the end. */
  async next(separator: string): Promise<Found | undefined> {
    for (;;) {
      const left = this.#text.length - this.#at;
      if (left === 0 && this.#ended) return undefined;
      const last = this.#ended || left > maxRecord;
      const found = left > 0 ? recordAt(this.#text, this.#at, separator, last) : undefined;
      if (found) {
        if (found.end - this.#at > maxRecord) {
          throw new DataError(
            `${this.#file}, line ${this.line}: more than ${maxRecord} characters without a line end. Is it CSV?`,
          );
        }
        this.skip(found.end - this.#at, found.lines);
        return found;
      }
      // What is there is doubled, so that a long record is not looked at once for each chunk.
      this.#text = this.#text.slice(this.#at);
      this.#at = 0;
      while (!this.#ended && this.#text.length <= 2 * left) await this.#more();
    }
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#chunks.next();
    if (done) this.#ended = true;
    else this.#text += value;
  }
}

interface Found {
  /** The cells; undefined where a quote does not close. */
  fields?: string[];
  /** Where the next record begins. */
  end: number;
  lines: number;
}

/**
 * The record that begins at `start`; undefined where the text ends before it does, unless there is
 * no more text (`ended`). Where a quote does not close, the record is its first line.
 */
function recordAt(
  text: string,
  start: number,
  separator: string,
  ended: boolean,
): Found | undefined {
  const fields: string[] = [];
  let lines = 1;
  let at = start;
  for (;;) {
    let end: number;
    if (text[at] === '"') {
      const close = closingQuote(text, at + 1);
      if (close < 0 || close + 1 === text.length) {
        if (!ended) return undefined;
        if (close < 0) return brokenAt(text, start, ended);
      }
      end = close + 1;
      if (end < text.length && text[end] !== separator && !isLineEnd(text, end))
        return brokenAt(text, start, ended);
      const field = text.slice(at + 1, close);
      lines += field.split(lineEnd).length - 1;
      fields.push(field.replaceAll('""', '"'));
    } else {
      end = fieldEnd(text, at, separator.charCodeAt(0));
      fields.push(text.slice(at, end));
    }
    if (end < text.length && text[end] === separator) {
      at = end + 1;
      continue;
    }
    const next = afterLineEnd(text, end, ended);
    return next === undefined ? undefined : { fields, end: next, lines };
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

function brokenAt(text: string, start: number, ended: boolean): Found | undefined {
  const end = afterLineEnd(text, fieldEnd(text, start), ended);
  return end === undefined ? undefined : { end, lines: 1 };
}

/** The first line end or separator (a code unit) from `at` on, or the end of the text. */
function fieldEnd(text: string, at: number, separator = lineFeed): number {
  for (let end = at; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === separator || code === lineFeed || code === carriageReturn) return end;
  }
  return text.length;
}

const lineFeed = 10;
const carriageReturn = 13;

const isLineEnd = (text: string, at: number) => text[at] === '\n' || text[at] === '\r';

/** Behind the line end at `at`; undefined where the text ends and might go on. */
function afterLineEnd(text: string, at: number, ended: boolean): number | undefined {
  if (at + 1 >= text.length && !ended) {
    if (at === text.length || text[at] === '\r') return undefined;
  }
  if (at === text.length) return at;
  return text[at] === '\r' && text[at + 1] === '\n' ? at + 2 : at + 1;
}
