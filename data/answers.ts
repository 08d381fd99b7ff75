import { jsonIn } from '../core/json.ts';
import type { DataSpec } from '../core/spec.ts';
import type { Canonical, Task } from '../core/tasks/task.ts';
import { fold, quoted } from '../core/text.ts';
import { DataError } from './errors.ts';
import type { Options } from './options.ts';

/** A digit that stands for one of so many options, where the spec does not say what digits mean. */
export interface Counted {
  digit: number;
  options: number;
}

/** The canonical answer that a file's text stands for, or what is wrong with it. */
export function readAnswer(
  raw: string,
  options: Options | undefined,
  form: DataSpec['answers'],
  task: Task,
): Canonical & { counted?: Counted } {
  const text = raw.replace(/^\s*(\d+)\.0+\s*$/, '$1'); // a number that a table holds as a float
  const texts = options?.texts;
  const shown = `answer ${quoted(raw)}`;

  if (typeof form === 'object') {
    const meaning = meaningOf(raw, form) ?? meaningOf(text, form) ?? meaningOfList(raw, form);
    if (meaning !== undefined) return readAnswer(meaning, options, undefined, task);
    if (/^\d+$/.test(text)) return { problem: `${shown} is not in data.answers` };
  }
  for (const word of [raw, text]) {
    const label = task.canonical(word, undefined);
    if ('answer' in label) return label;
  }
  if (form === 'text') return byText(shown, text, texts ?? [], task);
  if (options?.names) {
    const index = options.names.findIndex((name) => fold(name) === fold(text));
    if (index >= 0) return task.canonical(String(index + 1), texts);
    if (/^(?:\d+|[a-z])$/i.test(text.trim()))
      return {
        problem: `${shown} is none of the options' labels, ${quoted(options.names.join(', '))}`,
      };
  }
  if (texts && /^\s*\d{1,2}\s*$/.test(text)) return byDigit(shown, text, texts, form, task);
  const canonical = task.canonical(raw, texts);
  if ('answer' in canonical || !/^\d+$/.test(text)) return canonical;
  return {
    problem: `${canonical.problem}; data.answers can say what numbers mean, as in {0: …, 1: …}`,
  };
}

function meaningOf(raw: string, form: Record<string, string>): string | undefined {
  const value = raw.trim();
  return Object.hasOwn(form, value) ? form[value] : undefined;
}

/** The same of each item of a JSON list: [0, 2] is a list of labels. */
function meaningOfList(raw: string, form: Record<string, string>): string | undefined {
  const list = /^\s*\[[^[\]]*\]\s*$/.test(raw) ? jsonIn(raw) : undefined;
  if (!Array.isArray(list)) return undefined;
  const meanings = list.map((item) => meaningOf(String(item), form));
  return meanings.includes(undefined) ? undefined : JSON.stringify(meanings);
}

function byDigit(
  shown: string,
  text: string,
  texts: string[],
  form: DataSpec['answers'],
  task: Task,
): Canonical & { counted?: Counted } {
  const digit = Number(text);
  if (form === 'index-0' || form === 'index-1') {
    const index = digit - Number(form.at(-1));
    if (!(index in texts))
      return { problem: `${shown} names none of the ${texts.length} options (${form})` };
    return task.canonical(String(index + 1), texts);
  }
  const sameText = texts.findIndex((option) => fold(option) === fold(text));
  const isOutside = digit > texts.length;
  if (isOutside || (digit > 0 && sameText === digit - 1)) return task.canonical(text, texts);
  if (sameText >= 0) {
    return {
      problem: `${shown} may be the text of an option or its number: set data.answers to text, index-0 or index-1`,
    };
  }
  return { ...task.canonical(text, texts), counted: { digit, options: texts.length } };
}

function byText(shown: string, text: string, texts: string[], task: Task): Canonical {
  const same = [...texts.keys()].filter((index) => fold(texts[index]!) === fold(text));
  if (same.length === 1) return task.canonical(String(same[0]! + 1), texts);
  return {
    problem: `${shown} is the text of ${same.length === 0 ? 'no option' : 'several options'}`,
  };
}

/**
 * Whether the digits of a file count the options from 1, as far as its rows tell: the last option
 * has a number then, and 0 is none. Where nothing tells, every answer could be one off. Digits
 * among more letters or texts are names of options, which count from 1 (as in ARC).
 */
export class DigitCount {
  #digits = 0;
  #others = 0;
  #last = false;
  #zeroLine: number | undefined;

  /** @param counted the digit of a row, or undefined where its answer is none */
  note(counted: Counted | undefined, line: number): void {
    if (!counted) {
      this.#others += 1;
      return;
    }
    this.#digits += 1;
    if (counted.digit === counted.options) this.#last = true;
    if (counted.digit === 0) this.#zeroLine ??= line;
  }

  /** Throws DataError unless the digits count from 1 for sure. */
  check(file: string): void {
    if (this.#digits <= this.#others) return;
    if (this.#zeroLine !== undefined) {
      throw new DataError(
        `${file}, line ${this.#zeroLine}: the answer is 0, so that digits seem to count the options from 0. Set data.answers to index-0, or to index-1 where this row is wrong`,
      );
    }
    if (this.#last) return;
    throw new DataError(
      `${file}: its answers are digits, and nothing tells whether they count the options from 0 or from 1 (none is 0, none is that of a last option). Set data.answers to index-0 or index-1`,
    );
  }
}
