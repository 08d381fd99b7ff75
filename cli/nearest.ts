import { nearestName } from '../core/nearest.ts';

/** ` (did you mean "labelled"?)` when one of `known` is close to `word`, else the known ones. */
export function suggestion(word: string, known: readonly string[]): string {
  const nearest = nearestName(word, known);
  if (nearest) return ` (did you mean "${nearest}"?)`;
  return known.length > 0 ? ` (known: ${known.join(', ')})` : '';
}
