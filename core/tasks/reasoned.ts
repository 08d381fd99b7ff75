import type { Token } from '../entropy.ts';
import type { Example } from '../types.ts';
import type { Task } from './task.ts';

/** "Answer: x", "**Final answer:** x" and the like, at the beginning of a line. */
const MARK =
  /^[ \t>#*_`~-]*(?:(?:the|my)\s+)?(?:(?:final|correct|right|best)\s+)?answer(?:\s+is)?[*_`]*\s*[:：=][*_`]*/gimu;

/** Where the answer begins that a text ends with, after its last mark; null where it has none. */
export function answerStart(text: string): number | null {
  let start: number | null = null;
  for (const { 0: mark, index } of text.matchAll(MARK)) start = index + mark.length;
  return start;
}

/**
 * The canonical answer of a text that reasons first: what its last mark speaks of. Without one the
 * whole text counts, unless it was cut off before it came to an answer.
 */
export function readReasoned(
  task: Pick<Task, 'parse'>,
  text: string,
  x: Example,
  isCut: boolean,
): string | null {
  const start = answerStart(text);
  if (start !== null) return task.parse(text.slice(start), x, isCut);
  return isCut ? null : task.parse(text, x);
}

/**
 * The tokens of a response that are its answer: those after its last mark, or all where it has none;
 * null where the tokens, as some servers write them, do not show the mark that the text has.
 */
export function answerTokens(text: string, tokens: readonly Token[]): readonly Token[] | null {
  if (answerStart(text) === null) return tokens;
  const start = answerStart(tokens.map((token) => token.text).join(''));
  if (start === null) return null;
  let end = 0;
  return tokens.filter((token) => {
    end += token.text.length;
    return end > start;
  });
}
