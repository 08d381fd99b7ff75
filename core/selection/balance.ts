import type { Task } from '../tasks/task.ts';
import type { SelectionFields } from './fields.ts';

/** How classes are evened out: not at all, no one above an even share, or in shares (in any unit). */
export type Balance = 'none' | 'cap' | { shares: readonly number[] };

/** Whether classes can be evened out: each answer is one of a fixed set. */
export const mayBalance = ({ classes, classesOf }: Pick<Task, 'classes' | 'classesOf'>): boolean =>
  classes !== null && !classesOf;

/**
 * The balance that a spec asks for, of classes in their order.
 * @param labelled how many labelled examples there are of each
 */
export function balanceOf(
  given: SelectionFields['balance'],
  classes: readonly string[],
  labelled: readonly number[],
): Balance {
  if (given === 'prior') return { shares: labelled };
  return typeof given === 'string' ? given : { shares: classes.map((label) => given[label] ?? 0) };
}

/**
 * How many are taken of each class, at the most, where there are so many of each.
 *
 * - `cap`: an even share of all, rounded up.
 * - shares: as many as their class has for the largest whole that has these shares, each rounded so
 *   that they add up to it (largest remainder): within one of its exact share. Classes without any
 *   are left out, and the others share among themselves; one that is to have no share gets none.
 *
 * @param most of all classes together
 */
export function quotas(counts: readonly number[], balance: Balance, most: number): number[] {
  if (balance === 'none') return counts.map((count) => Math.min(count, most));
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (balance === 'cap') {
    const cap = Math.ceil(Math.min(all, most) / counts.length);
    return counts.map((count) => Math.min(count, cap));
  }
  const weights = balance.shares.map((share, index) => (counts[index]! > 0 ? share : 0));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === 0) return counts.map(() => 0);
  const wholes = weights.flatMap((weight, index) =>
    weight > 0 ? [Math.floor((counts[index]! * sum) / weight + ROUNDING)] : [],
  );
  return apportioned(Math.min(most, ...wholes), weights, sum);
}

/** What shares such as 0.1 may be off by, once multiplied. */
const ROUNDING = 1e-9;

/** The whole in the shares of the weights, by the largest remainder; of equal ones the first. */
function apportioned(whole: number, weights: readonly number[], sum: number): number[] {
  const exact = weights.map((weight) => (whole * weight) / sum);
  const parts = exact.map((part) => Math.floor(part + ROUNDING));
  const left = whole - parts.reduce((total, part) => total + part, 0);
  const byRemainder = exact
    .map((part, index) => ({ index, remainder: part - parts[index]! }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, left)) parts[index]!++;
  return parts;
}

/**
 * The balanced part of an order of ordinals, in the same order: of each class the first, as many as
 * its quota, and of all no more than `most`.
 * @param classes index of the class, by ordinal @param classCount how many classes there are
 */
export function balanced(
  order: Uint32Array,
  { classes, classCount, balance, most }: BalanceOptions,
): Uint32Array {
  if (balance === 'none') return order.subarray(0, most);
  const counts = Array<number>(classCount).fill(0);
  for (const ordinal of order) counts[classes[ordinal]!]!++;
  const open = quotas(counts, balance, most);
  return order.filter((ordinal) => open[classes[ordinal]!]!-- > 0).subarray(0, most);
}

export interface BalanceOptions {
  classes: Int32Array;
  classCount: number;
  balance: Balance;
  most: number;
}
