import { normalise } from '../text.ts';

/** How a task finds its answers in a text (in NFC). */
export interface Choices {
  /** The answer the text opens with, and where the text goes on after it. */
  opening(text: string): { answer: string; end: number } | null;
  /** The different answers the text names, anywhere. */
  named(text: string): string[];
}

// "Answer: x", "**Answer:** x", "the answer is x", "Label = x"; group 1 is the rest of the line.
const MARK =
  /(?<![\p{L}\p{N}])(?:answer|label|option|choice)[*_`"”]*\s*(?:is\b(?!\s+not\b)|[:：=])[*_`\s:：]*(?=([^\n]*))/giu;
const HEDGE = /^[\s"'”’)\]*_`]*(?:or|and|&|\/)(?![\p{L}\p{N}])/iu;

/**
 * Reads the one answer a text gives, or null where it gives none or several: the last answer
 * that is marked as such, else the one its first line opens with, else the only one it names.
 */
export function readAnswer(raw: string, choices: Choices): string | null {
  const text = raw.normalize('NFC');
  const marked = [...text.matchAll(MARK)].map((match) => match[1] ?? '').reverse();
  for (const line of marked) {
    const answer = opens(line, choices) ?? only(choices.named(line));
    if (answer !== null) return answer;
  }
  const [first = ''] = text.trimStart().split('\n', 1);
  const answer = only(choices.named(first));
  if (answer !== null && opens(first, choices) === answer) return answer;
  return only(choices.named(text));
}

function opens(line: string, choices: Choices): string | null {
  const found = choices.opening(line);
  return found && !HEDGE.test(line.slice(found.end)) ? found.answer : null;
}

function only(answers: string[]): string | null {
  return answers.length === 1 ? answers[0]! : null;
}

const START = String.raw`(?<![\p{L}\p{M}\p{N}]|[\p{L}\p{N}][-'’]|\p{N}[.,])`;
const END = String.raw`(?![\p{L}\p{M}\p{N}]|[-'’]\p{L}|[.,]\p{N})`;

/**
 * Finds names (labels, texts of options) as whole words, in any case, in a text in NFC. Of names
 * that begin at the same place the longest is found. What is found are indices into `names`.
 */
export function nameFinder(names: readonly string[]) {
  const ranked = names
    .map((name, index) => ({ pattern: pattern(name), length: normalise(name).length, index }))
    .sort((a, b) => b.length - a.length);
  const any = ranked.map((one) => `(${one.pattern})`).join('|') || '(?!)';
  const anywhere = new RegExp(`${START}(?:${any})${END}`, 'giu');
  const first = new RegExp(`^[^\\p{L}\\p{N}]*?(?:(?:an?|the)\\s+)??(?:${any})${END}`, 'iu');
  const indexOf = (match: RegExpMatchArray) =>
    ranked[match.slice(1).findIndex((group) => group !== undefined)]!.index;
  return {
    opening(text: string): { index: number; end: number } | null {
      const match = first.exec(text);
      return match && { index: indexOf(match), end: match[0].length };
    },
    named(text: string): number[] {
      return [...new Set([...text.matchAll(anywhere)].map(indexOf))];
    },
    /** The text without the names in it. */
    rest(text: string): string {
      return text.replace(anywhere, '…');
    },
  };
}

function pattern(name: string): string {
  return normalise(name)
    .replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    .replaceAll(' ', '\\s+');
}
