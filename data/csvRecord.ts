/** The grammar of CSV (RFC 4180), a record at a time. */

export const LINE_END = /\r\n|\n|\r/;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** A record as it is found in the text. */
export interface FoundRecord {
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
export function recordAt(
  text: string,
  start: number,
  separator: string,
  ended: boolean,
): FoundRecord | undefined {
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
      lines += field.split(LINE_END).length - 1;
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

function brokenAt(text: string, start: number, ended: boolean): FoundRecord | undefined {
  const end = afterLineEnd(text, fieldEnd(text, start), ended);
  return end === undefined ? undefined : { end, lines: 1 };
}

/** The first line end or separator (a code unit) from `at` on, or the end of the text. */
function fieldEnd(text: string, at: number, separator = LINE_FEED): number {
  for (let end = at; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === separator || code === LINE_FEED || code === CARRIAGE_RETURN) return end;
  }
  return text.length;
}

const isLineEnd = (text: string, at: number) => text[at] === '\n' || text[at] === '\r';

/** Behind the line end at `at`; undefined where the text ends and might go on. */
function afterLineEnd(text: string, at: number, ended: boolean): number | undefined {
  if (at + 1 >= text.length && !ended) {
    if (at === text.length || text[at] === '\r') return undefined;
  }
  if (at === text.length) return at;
  return text[at] === '\r' && text[at + 1] === '\n' ? at + 2 : at + 1;
}
