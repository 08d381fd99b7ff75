import { fold } from '../text.ts';
import type { Part } from './task.ts';

/** Scripts that part no words: there each character counts as one. */
const UNPARTED =
  '[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}]';
// A word with what belongs to it (C++, 3.5, -2), or a sign that changes what a number means.
const TOKEN = new RegExp(
  [
    String.raw`${UNPARTED}\p{M}*`,
    String.raw`(?:(?<![\p{L}\p{M}\p{N}])-(?=\p{N}))?[[\p{L}\p{M}\p{N}.]--${UNPARTED}]+[+#]*`,
    '[%$€£¥°]',
  ].join('|'),
  'gv',
);
/** What is left out within words: the "," of 1,000, and dots and apostrophes but that of 3.5. */
const LEFT_OUT = /(?<=\p{N}),(?=\p{N}{3}(?!\p{N}))|['‘’`]|(?<!\p{N})\.|\.(?!\p{N})/gu;
const ARTICLES = new Set(['a', 'an', 'the']);

/**
 * The words of a text as answers are compared by SQuAD's rule (P. Rajpurkar, J. Zhang, K. Lopyrev
 * and P. Liang, SQuAD: 100,000+ questions for machine comprehension of text, 2016): in lower case,
 * without punctuation and English articles. Unlike there, signs that change what a number or a name
 * means stay (3.5, -2, 5 %, C++), hyphens part words, and an article that is all there is stays.
 */
export function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKC').toLowerCase().replace(/[−–]/g, '-').replace(LEFT_OUT, '');
  const words = plain.match(TOKEN) ?? [];
  const others = words.filter((word) => !ARTICLES.has(word));
  return others.length > 0 ? others : words;
}

/** What two texts have in common that are the same answer; of a text without words its characters. */
export function gist(text: string): string {
  return wordsOf(text).join(' ') || fold(text);
}

/** The harmonic mean of precision and recall of an answer's words, 0..1: each counts as often as it is there. */
export function tokenF1(answer: string, gold: string): number {
  if (gist(answer) === gist(gold)) return 1;
  const { got, of } = overlap(wordsOf(answer), wordsOf(gold));
  return of === 0 ? 0 : got / of;
}

/** Twice what two lists have in common, of all that both have, which is F1: each counts as often as it is there. */
export function overlap(given: readonly string[], wanted: readonly string[]): Part {
  const left = new Map<string, number>();
  for (const one of wanted) left.set(one, (left.get(one) ?? 0) + 1);
  const common = given.filter((one) => {
    const times = left.get(one) ?? 0;
    left.set(one, times - 1);
    return times > 0;
  });
  return { got: 2 * common.length, of: given.length + wanted.length };
}
