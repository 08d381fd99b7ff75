import { searchText } from '../shots.ts';
import type { Example, Shot } from '../types.ts';

const wordsOf = (x: Pick<Example, 'question' | 'before'>): Set<string> =>
  new Set(
    searchText(x)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu),
  );

/**
 * Finds labelled examples as a run's neighbours might be, without a model that embeds: those that
 * have the most words in common, for how many they have. Their lengths are what counts.
 */
export function alikeIn(labelled: readonly Shot[]): (x: Example, count: number) => Shot[] {
  const pool = labelled.map((shot) => ({ shot, words: wordsOf(shot) }));
  return (x, count) => {
    const asked = wordsOf(x);
    const likeness = (words: Set<string>) => {
      let common = 0;
      for (const word of asked) if (words.has(word)) common++;
      return common / Math.sqrt(Math.max(1, words.size));
    };
    return pool
      .filter(({ shot }) => shot.id !== x.id)
      .map(({ shot, words }) => ({ shot, likeness: likeness(words) }))
      .sort((a, b) => b.likeness - a.likeness)
      .slice(0, count)
      .map(({ shot }) => shot);
  };
}
