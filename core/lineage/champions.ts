import type { Promotion } from '../living/promotion.ts';

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
