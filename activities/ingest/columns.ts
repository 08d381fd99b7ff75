import type { DataSpec } from '../../core/spec.ts';
import type { Task } from '../../core/tasks.ts';
import type { Split } from '../../core/types.ts';
import { DataError } from './errors.ts';

type Columns = DataSpec['columns'];

/** The parts of an example that the files of a split must have a column for. */
function required(split: Split, columns: Columns, task: Task): (keyof Columns)[] {
  const parts: (keyof Columns)[] = ['question'];
  if (split !== 'unlabelled') parts.push('answer');
  // Those that may be missing are asked for where the spec gives them a name of its own.
  if (columns.options !== 'options' || task.checkOptions(undefined) !== null) parts.push('options');
  if (columns.context !== 'context') parts.push('context');
  return parts;
}

/** Throws DataError, with the name that was probably meant, where a needed column is missing. */
export function checkColumns(
  found: readonly string[],
  file: string,
  split: Split,
  columns: Columns,
  task: Task,
): void {
  for (const part of required(split, columns, task)) {
    const name = columns[part];
    if (found.includes(name)) continue;
    const near = nearest(name, found);
    throw new DataError(
      `${file} has no column "${name}"; its columns are ${found.map((one) => `"${one}"`).join(', ')}. Set data.columns.${part} to the right one${near === undefined ? '' : `, perhaps "${near}"`}`,
    );
  }
}

/** The name that differs from `name` the least, where it differs by a few letters only. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((one) => ({ one, distance: editDistance(name.toLowerCase(), one.toLowerCase().trim()) }))
    .filter(({ one, distance }) => distance <= Math.min(3, one.length / 2))
    .sort((a, b) => a.distance - b.distance);
  return best?.one;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
