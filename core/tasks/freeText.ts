import { z } from 'zod';
import { jsonIn } from '../json.ts';
import { normalise } from '../text.ts';
import { unfenced } from './reading.ts';

const BEFORE = String.raw`^(?:[^\S\n]|[>#*_\x60~-])*`;
// "Answer: x", "**Final answer:** x", "So the answer is x", at the beginning of a line.
const MARK = new RegExp(
  String.raw`${BEFORE}(?:(?:so|thus|hence|therefore),?\s+)?(?:(?:the|my)\s+)?(?:(?:final|short|correct|right|best)\s+)?answer[*_\x60]*\s*(?:is(?!\p{L})(?:\s*[:：])?|[:：=])(?:[*_\x60]+(?=\s|$))?`,
  'gimu',
);
// Of these only "Answer:": a long answer may well say what the answer is.
const PLAIN_MARK = new RegExp(
  String.raw`${BEFORE}(?:final\s+)?answer[*_\x60]*\s*[:：](?:[*_\x60]+(?=\s|$))?`,
  'gimu',
);

/** What models say instead of an answer, at its beginning. */
const REFUSAL =
  /^(?:(?:(?:i['’]?m|i am)\s+(?:very\s+|so\s+)?sorry|sorry|i apologi[sz]e|unfortunately)?[,.]?\s*(?:but\s+)?(?:i (?:can(?:not|['’]t| not)|am (?:unable|not able) to|won['’]t|will not)|i['’]m (?:unable|not able) to) (?:be able to )?(?:help|assist|answer|provide|give|do|comply|fulfil|discuss|respond|determine|say)\b|i (?:do not|don['’]t) have (?:enough|sufficient|access)\b|as an? (?:ai|(?:large )?language model)\b)/iu;
/** What they say, too, where a few words were wanted. */
const IGNORANCE =
  /^(?:(?:i['’]?m|i am) (?:not sure|sorry)|sorry|i (?:do not|don['’]t|really don['’]t) know)\b/iu;
/** A place that was to be filled in: "<answer>". */
const BLANK = /^(?:<[^<>]*>|\[[^\]]*answer[^\]]*\])$/i;
const HAS_WORD = /[\p{L}\p{N}\p{So}\p{Sc}]/u;

/** What stands after the last mark of an answer in a text; null where there is none. */
export function afterMark(text: string, mark = MARK): string | null {
  const last = [...text.matchAll(mark)].at(-1);
  return last ? text.slice(last.index + last[0].length) : null;
}

const LIST = z.array(z.string()).min(1);

/** The texts of a JSON list of texts; undefined for any other text. */
export function listed(text: string): string[] | undefined {
  const list = jsonIn(text);
  return list && LIST.safeParse(list).data;
}

/**
 * The short answer that a text gives: what its last mark speaks of, else the text itself, of which
 * the first line counts, without what Markdown and quotes put around it. Null where there is none,
 * or several, and where that line was cut off.
 */
export function shortAnswer(raw: string, isCut: boolean): string | null {
  return settled(raw, (given) => {
    const text = unfenced(given.normalize('NFC'));
    const passage = (fieldOf(text) ?? afterMark(text) ?? text).trimStart();
    const end = passage.indexOf('\n');
    if (end < 0 && isCut && given === raw) return null;
    const answer = bare(end < 0 ? passage : passage.slice(0, end));
    return IGNORANCE.test(answer) ? null : answer;
  });
}

/**
 * The long answer that a text gives: all that stands after its last mark, else the text itself. Null
 * where there is none, and where it was cut off.
 */
export function longAnswer(raw: string, isCut: boolean): string | null {
  if (isCut) return null;
  return settled(raw, (given) => {
    const text = given.normalize('NFC').replace(/\r\n?/g, '\n');
    return (afterMark(text, PLAIN_MARK) ?? text).trim();
  });
}

/** Reads a text until nothing changes any more, so that an answer is read as it is. */
function settled(raw: string, read: (text: string) => string | null): string | null {
  let text = raw;
  for (;;) {
    const answer = read(text);
    if (answer === null || isNone(answer)) return null;
    if (answer === text) return answer;
    text = answer;
  }
}

/** Whether a text is no answer, or several. */
function isNone(text: string): boolean {
  const isEmpty = !HAS_WORD.test(unfenced(text)) || afterMark(text)?.trim() === '';
  return isEmpty || BLANK.test(text) || REFUSAL.test(text) || listed(text) !== undefined;
}

/** Without the mark that a text begins with. */
function unmarked(text: string): string {
  const first = text.matchAll(MARK).next().value;
  return first?.index === 0 ? text.slice(first[0].length).trim() : text;
}

/** The answer in a JSON object, or in a list of one. */
function fieldOf(text: string): string | null {
  const value = jsonIn(text);
  if (!value) return null;
  const named = Object.entries(value).find(([name]) => /^(?:final_)?answer$/i.test(name));
  const answer = Array.isArray(value) && value.length === 1 ? value[0] : named?.[1];
  return typeof answer === 'object' || answer === undefined ? null : String(answer);
}

const EMPHASIS = /(\*\*|`)(?=\S)([^*`]+?)(?<=\S)\1/gu;
const WRAPPED = [
  /^"([^"]*)"(\.?)$/u,
  /^'([^']*)'(\.?)$/u,
  /^“([^”]*)”(\.?)$/u,
  /^‘([^’]*)’(\.?)$/u,
  /^«([^»]*)»(\.?)$/u,
  /^\*([^*]*)\*(\.?)$/u,
  /^\$?\\boxed\{([^{}]*)\}\$?(\.?)$/u,
  /^<answer>(.*?)(?:<\/answer>)?()$/iu,
];

/** A line without what Markdown and quotes put around it, and without marks. */
function bare(line: string): string {
  let text = normalise(line);
  for (;;) {
    const stripped = WRAPPED.reduce(
      (inner, wrapped) => inner.replace(wrapped, '$1$2').trim(),
      unmarked(text.replace(/^(?:[-*•>#]+\s+)+/u, '').replace(EMPHASIS, '$2')),
    );
    if (stripped === text) return text;
    text = stripped;
  }
}
