import type { Promotion } from '../living/promotion.ts';
import type { Champion } from '../living/runState.ts';

/** The champion of a run, by the changes that are recorded, of which there is one at least. */
export function championAfter(
  promotions: readonly Pick<Promotion, 'model' | 'number'>[],
): Champion {
  const { model, number } = promotions.at(-1)!;
  return { model, changes: number };
}

/**
 * The model to go back to: the champion before the present one first came; undefined of the first. Who
 * goes back again goes further back, never to what was left.
 */
export function championBefore(
  promotions: readonly Pick<Promotion, 'model'>[],
): string | undefined {
  const line: string[] = [];
  for (const { model } of promotions) {
    const known = line.indexOf(model);
    if (known >= 0) line.length = known;
    line.push(model);
  }
  return line.at(-2);
}
