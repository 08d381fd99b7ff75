import type { SelectionFields } from './fields.ts';

/**
 * That more pseudo-labels are wanted than there can be; undefined where there are examples enough.
 * @param unlabelled how many there are, as far as that is known
 */
export function lackOfUnlabelled(
  { exactly }: Pick<SelectionFields, 'exactly'>,
  unlabelled: number | undefined,
): string | undefined {
  return exactly !== undefined && unlabelled !== undefined && exactly > unlabelled
    ? `selection.exactly wants ${exactly} pseudo-labels, but there are ${unlabelled} unlabelled examples: lower it, or add more`
    : undefined;
}
