import { isObject, jsonIn } from '../core/json.ts';
import { textOf } from './text.ts';

/**
 * A passage as one text: of a list, or of JSON of one, each text is a line, and each table is one in
 * Markdown. Undefined where there is none.
 */
export function contextOf(value: unknown): string | undefined {
  const list = listIn(value);
  if (!list) return textOf(value);
  const table = tableOf(list);
  const blocks = table === undefined ? list.map(contextOf) : [table];
  const isText = list.every((one) => typeof one === 'string');
  return textOf(blocks.filter((block) => block !== undefined).join(isText ? '\n' : '\n\n'));
}

/** A list of rows (lists of cells, the first the titles) or of records as a table of Markdown. */
function tableOf(list: unknown[]): string | undefined {
  if (list.length === 0) return undefined;
  if (list.every(isRow)) return tableOfRows(list);
  if (!list.every((one) => isObject(one) && Object.values(one).every(isCell))) return undefined;
  const records = list as Record<string, unknown>[];
  const titles = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return tableOfRows([titles, ...records.map((record) => titles.map((title) => record[title]))]);
}

function tableOfRows(rows: unknown[][]): string {
  const width = Math.max(...rows.map((row) => row.length));
  const lines = rows.map((row) => line(Array.from({ length: width }, (_, at) => cell(row[at]))));
  return [lines[0]!, line(Array(width).fill('---')), ...lines.slice(1)].join('\n');
}

const isCell = (value: unknown) => typeof value !== 'object' || value === null;
const isRow = (value: unknown): value is unknown[] => Array.isArray(value) && value.every(isCell);
const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
const cell = (value: unknown) =>
  (textOf(value) ?? '').replace(/\s+/gu, ' ').trim().replaceAll('|', '\\|');

function listIn(value: unknown): unknown[] | undefined {
  const list = typeof value === 'string' ? jsonIn(value) : value;
  return Array.isArray(list) ? list : undefined;
}
