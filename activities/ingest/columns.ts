import { nearestName } from '../../core/nearest.ts';
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
    const near = nearestName(name, found);
    throw new DataError(
      `${file} has no column "${name}"; its columns are ${found.map((one) => `"${one}"`).join(', ')}. Set data.columns.${part} to the right one${near === undefined ? '' : `, perhaps "${near}"`}`,
    );
  }
}
