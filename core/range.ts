import type { OrdinalRange } from './types.ts';

/** How many ranges of `size` ordinals cover 0 … `total` − 1. */
export function rangeCount(total: number, size: number): number {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`The size of a range must be a whole number above 0, not ${size}.`);
  return Math.ceil(total / size);
}

/** The `index`-th (from 0) of those ranges; the last may be shorter. */
export function rangeAt(index: number, size: number, total: number): OrdinalRange {
  const count = rangeCount(total, size);
  if (!Number.isInteger(index) || index < 0 || index >= count)
    throw new RangeError(`There is no range ${index}: ${total} ordinals make ${count} of ${size}.`);
  return { from: index * size, to: Math.min(total, (index + 1) * size) };
}

/** All of those ranges, in order. */
export function ranges(total: number, size: number): OrdinalRange[] {
  return Array.from({ length: rangeCount(total, size) }, (_, index) => rangeAt(index, size, total));
}

/** The parts of a range, of `size` ordinals each but the last, in order. */
export const rangesIn = ({ from, to }: OrdinalRange, size: number): OrdinalRange[] =>
  ranges(to - from, size).map((part) => ({ from: from + part.from, to: from + part.to }));

/** A range as people read it: `250–500`. */
export const rangeText = ({ from, to }: OrdinalRange): string => `${from}–${to}`;
