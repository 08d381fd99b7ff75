import { isObject, jsonIn } from '../json.ts';

/** Texts in quotes, as JSON and Python write them. */
const STRING = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;
const STRING_OR_BRACKET = new RegExp(`${STRING}|[{}[\\]]`, 'gs');

/** An object in a text, from character `start`. */
export interface ObjectFound {
  value: Record<string, unknown>;
  start: number;
}

/**
 * The JSON objects in a text, whatever stands around them; what is in an object is none, and where one
 * never ends there is none at all. As models write them: also in single quotes, with bare names, comments,
 * commas before a closing bracket, thousands separators, and the constants of Python.
 */
export function objectsIn(text: string): ObjectFound[] {
  const whole = text.trim();
  const value = whole.startsWith('{') && objectOf(whole);
  if (value) return [{ value, start: 0 }];
  const found: ObjectFound[] = [];
  let start = text.indexOf('{');
  while (start >= 0) {
    const end = endOf(text, start);
    if (end === null) return [];
    const value = objectOf(text.slice(start, end));
    if (value) found.push({ value, start });
    start = text.indexOf('{', end);
  }
  return found;
}

/** Where the object ends that begins at `start`; null where it does not. */
function endOf(text: string, start: number): number | null {
  const tokens = new RegExp(STRING_OR_BRACKET);
  tokens.lastIndex = start;
  let depth = 0;
  for (let token = tokens.exec(text); token; token = tokens.exec(text)) {
    if ('{['.includes(token[0])) depth++;
    else if ('}]'.includes(token[0])) depth--;
    if (depth === 0) return tokens.lastIndex;
  }
  return null;
}

function objectOf(text: string): Record<string, unknown> | null {
  const value = jsonIn(text) ?? jsonIn(strict(text));
  return isObject(value) ? value : null;
}

const CONSTANTS: Record<string, string> = {
  ...{ None: 'null', NaN: 'null', undefined: 'null' },
  ...{ True: 'true', False: 'false' },
};
const LOOSE = new RegExp(
  [
    `(?<string>${STRING})`,
    String.raw`(?<left>//[^\n]*|/\*.*?\*/|,(?=\s*[}\]]))`,
    String.raw`(?<name>[\p{L}_$][\p{L}\p{N}_$-]*)(?=\s*:)`,
    String.raw`(?<constant>\b(?:${Object.keys(CONSTANTS).join('|')})\b)`,
    String.raw`(?<=:\s*[-+]?)(?<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?)(?=\s*[,}])`,
  ].join('|'),
  'gsu',
);

/** Loosely written JSON as JSON. */
function strict(text: string): string {
  return text.replace(LOOSE, (...match) => {
    const groups: Record<string, string | undefined> = match.at(-1);
    const { string, left, name, constant, number } = groups;
    if (string !== undefined) return quotedAsJson(string);
    if (left !== undefined) return '';
    if (name !== undefined) return `"${name}"`;
    return constant === undefined ? number!.replaceAll(',', '') : CONSTANTS[constant]!;
  });
}

const ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quotedAsJson(string: string): string {
  const inner = string.slice(1, -1).replace(/\\?'/g, "'");
  const escaped = string.startsWith("'") ? inner.replace(/(?<!\\)"/g, '\\"') : inner;
  return `"${escaped
    .replace(/\\(?!["\\/bfnrtu])|\\\\/g, '\\\\')
    .replace(/[\n\r\t]/g, (sign) => ESCAPES[sign]!)}"`;
}
