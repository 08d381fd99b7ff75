import { isNear, ROUNDING } from '../core/agreement.ts';
import type { RoundContext } from './dependencies.ts';

/** Vectors that are looked for together; what they need of each other is worked out here. */
const BLOCK = 64;

/** What is left of an order of ordinals without near duplicates. */
export interface Unlike {
  ordinals: Uint32Array;
  /** How many are left out. */
  leftOut: number;
}

/**
 * Leaves out of an order of unlabelled examples each whose embedding has at least the cosine
 * similarity `threshold` with that of an earlier one that stays. What has no vector stays. The
 * search is the store's, and exact; what is kept in memory is five bytes an example, and a block.
 * @param enough how many are wanted: those after them are not looked at
 */
export async function withoutNearDuplicates(
  { dataset, spec }: Pick<RoundContext, 'dataset' | 'spec'>,
  order: Uint32Array,
  { threshold, enough, signal }: { threshold: number; enough: number; signal: AbortSignal },
): Promise<Unlike> {
  const { name: model } = spec.embedding;
  const places = new Int32Array(await dataset.count('unlabelled')).fill(-1);
  for (const [place, ordinal] of order.entries()) places[ordinal] = place;
  const isOut = new Uint8Array(order.length);
  const stay: number[] = [];
  let next = 0;
  while (next < order.length && stay.length < enough) {
    signal.throwIfAborted();
    const block: number[] = [];
    for (; next < order.length && block.length < BLOCK; next++)
      if (isOut[next] === 0) block.push(order[next]!);
    const vectors = await dataset.vectorsAt(model, 'unlabelled', block);
    const staying: Float32Array[] = [];
    for (const ordinal of block) {
      const vector = vectors.get(ordinal);
      if (vector && staying.some((other) => isNear(other, vector, threshold))) continue;
      stay.push(ordinal);
      if (vector) staying.push(vector);
    }
    if (staying.length === 0 || next === order.length) continue;
    const distance = 1 - threshold + ROUNDING;
    for await (const near of dataset.nearTo(model, 'unlabelled', staying, distance))
      for (const ordinal of near) if (places[ordinal]! >= next) isOut[places[ordinal]!] = 1;
  }
  const ordinals = Uint32Array.from(stay.slice(0, enough));
  return { ordinals, leftOut: next - stay.length };
}
