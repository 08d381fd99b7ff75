import { fits, HEAD_SIZE, hasLongFields, separatorOf } from './csvDialect.ts';
import { type FoundRecord, LINE_END, recordAt } from './csvRecord.ts';
import { DataError } from './errors.ts';
import { BATCH_SIZE, MAX_RECORD, type RawBatch, type RawRecord } from './records.ts';

const QUOTE_PROBLEM =
  'a field opens with a quote that does not close before a separator or a line end. Close it, and double the quotes within the text ("")';

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
      if (!columns) throw new DataError(`${file}, line ${line}: ${QUOTE_PROBLEM}`);
      records.push({ line, problem: QUOTE_PROBLEM });
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
    if (records.length >= BATCH_SIZE) {
      yield { columns, records, separator };
      records = [];
    }
  }
  if (columns) yield { columns, records, separator };
}

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

/**
 * Lines within a quoted field that are rows, as far as one can tell: a quote was forgotten, and the
 * next one ended the field. Few lines prove nothing, and in a single column any line is like a row.
 */
function swallowed(fields: string[], columns: string[], separator: string): number {
  const enough = columns.length > 1 ? 3 : 20;
  const isRow = (line: string) =>
    line.trim() !== '' && fits(recordAt(line, 0, separator, true)?.fields ?? [], columns);
  for (const field of fields) {
    const within = field.split(LINE_END).slice(1, -1);
    if (within.length >= enough && within.every(isRow)) return within.length;
  }
  return 0;
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
    while (!this.#ended && this.#text.length < HEAD_SIZE) await this.#more();
    return this.#text.slice(0, HEAD_SIZE);
  }

  skip(characters: number, lines: number): void {
    this.#at += characters;
    this.line += lines;
  }

  /** The next record; undefined at the end. */
  async next(separator: string): Promise<FoundRecord | undefined> {
    for (;;) {
      const left = this.#text.length - this.#at;
      if (left === 0 && this.#ended) return undefined;
      const last = this.#ended || left > MAX_RECORD;
      const found = left > 0 ? recordAt(this.#text, this.#at, separator, last) : undefined;
      if (found) {
        if (found.end - this.#at > MAX_RECORD) {
          throw new DataError(
            `${this.#file}, line ${this.line}: more than ${MAX_RECORD} characters without a line end. Is it CSV?`,
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
