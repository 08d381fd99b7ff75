import { isObject } from '../core/json.ts';
import { nearestName } from '../core/nearest.ts';
import type { DataSpec } from '../core/spec.ts';
import type { Task } from '../core/tasks/task.ts';
import { quoted } from '../core/text.ts';
import type { Split } from '../core/types.ts';
import { CHAT_COLUMNS } from './chat.ts';
import { DataError } from './errors.ts';
import type { RawBatch } from './records.ts';

type Columns = DataSpec['columns'];
/** What of a spec says which columns there have to be. */
type Rules = Pick<DataSpec, 'columns' | 'test' | 'growTest'>;

/** Columns that a message lists. */
const LISTED = 20;

/** A column that a file must have: the part of an example it is, and its name. */
type Needed = [part: keyof Columns, name: string];

/** The columns that the files of a split must have. */
function needed(split: Split, { columns, test, growTest }: Rules, task: Task): Needed[] {
  const parts: (keyof Columns)[] = ['question'];
  if (split !== 'unlabelled') parts.push('answer');
  // Those that may be missing are asked for where the spec gives them a name of its own.
  if (columns.options !== 'options' || task.checkOptions(undefined) !== null) parts.push('options');
  for (const part of ['context', 'before', 'system'] as const)
    if (columns[part] !== part) parts.push(part);
  const labelledGrade = test.length === 0 || growTest !== undefined;
  const mayGrade = split === 'test' || (split === 'labelled' && labelledGrade);
  if (columns.category !== undefined && mayGrade) parts.push('category');
  return parts.flatMap((part) => [columns[part] ?? []].flat().map((name): Needed => [part, name]));
}

/**
 * Checks the first records of a file. Throws DataError where none of them can be read, or where a
 * needed column is missing or there twice, with the name that was probably meant.
 */
export function checkColumns(
  batch: RawBatch,
  file: string,
  split: Split,
  data: Rules,
  task: Task,
): void {
  const { columns } = data;
  const { columns: found, records } = batch;
  const [first] = records;
  if (first?.problem !== undefined && records.every(({ problem }) => problem !== undefined))
    throw new DataError(`${file}, line ${first.line}: ${first.problem}`);
  const isChat =
    CHAT_COLUMNS.some((name) => found.includes(name)) &&
    (CHAT_COLUMNS.includes(columns.question) || !found.includes(columns.question));
  const fromChat = ['question', 'answer'];
  for (const [part, name] of needed(split, data, task)) {
    if (isChat && fromChat.includes(part)) continue;
    const times = found.filter((one) => one === name).length;
    if (times === 1) continue;
    const setting = `data.columns.${part}`;
    if (times > 1)
      throw new DataError(
        `${file} has ${times} columns "${name}". Rename the others, or set ${setting} to the right one`,
      );
    throw missing(batch, file, name, setting);
  }
}

function missing(batch: RawBatch, file: string, name: string, setting: string): DataError {
  const { columns, separator } = batch;
  const wrapped = wrapper(batch);
  if (wrapped !== undefined)
    return new DataError(
      `${file} holds one object with a list in it, not a list of rows. Write the list alone`,
      `: jq '.[${quoted(wrapped)}]' FILE > FILE.json`,
    );
  const names = columns.slice(0, LISTED).map(quoted).join(', ');
  const more = columns.length > LISTED ? `, and ${columns.length - LISTED} more` : '';
  const near = nearestName(name, columns);
  return new DataError(
    `${file} has no column "${name}". Set ${setting} to the right one`,
    [
      near === undefined ? '' : `, perhaps ${quoted(near)}`,
      `; its columns are ${names}${more}`,
      separator && `. Cells are separated by ${quoted(separator)}; data.separator sets another`,
    ].join(''),
  );
}

/** The name of the list that holds the rows, where a file is a single object around them. */
function wrapper({ records: [only, ...others] }: RawBatch): string | undefined {
  if (!only?.values || others.length > 0) return undefined;
  return Object.entries(only.values).find(
    ([, value]) => Array.isArray(value) && value.length > 0 && value.every(isObject),
  )?.[0];
}
