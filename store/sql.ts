import type { OrdinalRange } from '../core/types.ts';

/** A string literal. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** An integer literal; throws RangeError on anything else, so that no text can slip in. */
export function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an integer`);
  return String(value);
}

/** The condition "these columns have these values"; undefined values set no condition. */
export function equals(values: Record<string, string | number | undefined>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([column, value]) => {
      return `${column} = ${typeof value === 'number' ? integer(value) : text(value as string)}`;
    })
    .join(' AND ');
}

/** The condition "this column has one of these values", of which there is at least one. */
export function oneOf(column: string, values: readonly string[]): string {
  return `${column} IN (${values.map(text).join(', ')})`;
}

/** The condition "ordinal lies in the range". */
export function within(range: OrdinalRange): string {
  return `ordinal >= ${integer(range.from)} AND ordinal < ${integer(range.to)}`;
}

/** The condition "ordinal is one of these". */
export function among(ordinals: readonly number[]): string {
  return `ordinal IN (${ordinals.map(integer).join(', ')})`;
}

/** The condition that all of the given ones hold; empty ones are left out. */
export function all(...conditions: string[]): string {
  return conditions.filter(Boolean).join(' AND ');
}
