import { fold, quoted } from '../text.ts';
import type { Metric, Task } from './task.ts';

/** The letter of the `index`-th option (0 is A). */
export function letterOf(index: number): string {
  return String.fromCharCode(65 + index);
}

/** The index of the option that a letter stands for (A, b, "(C)", "D."), or null. */
export function letterPosition(text: string): number | null {
  const letter = /^\(?([a-z])[).:]?$/.exec(fold(text))?.[1];
  return letter ? letter.charCodeAt(0) - 97 : null;
}

/** The same for a letter or a digit (1 is the first option); it may lie outside the options. */
export function position(text: string): number | null {
  return letterPosition(text) ?? (/^\s*\d{1,2}\s*$/.test(text) ? Number(text) - 1 : null);
}

/** Says that `raw` points outside the options, and how they are counted. */
export function outside(raw: string, options: readonly string[]): string {
  return `answer ${quoted(raw)} names none of the ${options.length} options (letters count from A, digits from 1)`;
}

/** The share of the answers that are right. */
export const ACCURACY: Metric = { name: 'accuracy', test: 'mcnemar' };

/**
 * Grades answers as right or wrong, which makes accuracy the only metric.
 * @param isRight compares a canonical answer with the gold one
 */
export function rightOrWrong(
  isRight: (answer: string, gold: string) => boolean,
): Pick<Task, 'metrics' | 'grade'> {
  return {
    metrics: [ACCURACY],
    grade(parsed, { answer: gold }) {
      const got = parsed !== null && gold !== undefined && isRight(parsed, gold) ? 1 : 0;
      return [{ got, of: 1 }];
    },
  };
}

const isSameWord = (a: string, b: string) => fold(a) === fold(b);

/** Answers are equal, and right, when they are the same word or letter, in any case. */
export const sameWord: Pick<Task, 'equal' | 'metrics' | 'grade'> = {
  equal: isSameWord,
  ...rightOrWrong(isSameWord),
};
