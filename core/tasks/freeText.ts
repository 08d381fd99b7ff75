import { normalise } from '../text.ts';
import { unfenced } from './reading.ts';

// "Answer: x", "**Final answer:** x", "So the answer is x", at the beginning of a line.
const MARK =
  /^[\s>#*_`~-]*(?:(?:so|thus|hence|therefore),?\s+)?(?:(?:the|my)\s+)?(?:(?:final|short|correct|right|best)\s+)?answer[*_`]*\s*(?:is(?!\p{L})(?:\s*[:：])?|[:：=])(?:[*_`]+(?=\s|$))?/gimu;

/** What models say instead of an answer, at its beginning. */
const REFUSAL =
  /^(?:(?:i['’]?m|i am)\s+(?:very\s+|so\s+)?sorry|sorry|i apologi[sz]e|unfortunately)?[,.]?\s*(?:but\s+)?(?:as an? (?:ai|language model)[^.,]*,\s*)?(?:i (?:can(?:not|['’]t| not)|am (?:unable|not able) to|won['’]t|will not)|i['’]m (?:unable|not able) to) (?:be able to )?(?:help|assist|answer|provide|do|comply|fulfil|discuss|respond|determine|say)\b/iu;
const IGNORANCE =
  /^(?:(?:i['’]?m|i am) (?:not sure|sorry)|sorry|i (?:do not|don['’]t|really don['’]t) know|as an? (?:ai|language model))\b/iu;
/** A place that was to be filled in: "<answer>". */
const BLANK = /^(?:<[^<>]*>|\[[^\]]*answer[^\]]*\])$/i;

/** Whether a text declines to answer. */
export const isRefusal = (text: string): boolean => REFUSAL.test(text.trimStart());

/** What stands after the last mark of an answer in a text; null where there is none. */
export function afterMark(text: string): string | null {
  const last = [...text.matchAll(MARK)].at(-1);
  return last ? text.slice(last.index + last[0].length) : null;
}

/**
 * The short answer that a text gives: what its last mark speaks of, else the text itself, of which
 * the first line counts. Null where there is none, or where that line was cut off.
 */
export function shortAnswer(raw: string, isCut: boolean): string | null {
  const text = unfenced(raw.normalize('NFC'));
  const passage = (fieldOf(text) ?? afterMark(text) ?? text).trimStart();
  const end = passage.indexOf('\n');
  if (end < 0 && isCut) return null;
  const answer = bare(end < 0 ? passage : passage.slice(0, end));
  const isNone = answer === '' || BLANK.test(answer) || isRefusal(answer) || IGNORANCE.test(answer);
  return isNone ? null : answer;
}

/** The long answer that a text is: all of it, after a mark that it begins with. Null where it was cut off. */
export function longAnswer(raw: string, isCut: boolean): string | null {
  if (isCut) return null;
  let text = raw.normalize('NFC').replace(/\r\n?/g, '\n').trim();
  for (let shorter = unmarked(text); shorter !== text; shorter = unmarked(text)) text = shorter;
  return text === '' || BLANK.test(text) || isRefusal(text) ? null : text;
}

/** Without the mark that a text begins with. */
function unmarked(text: string): string {
  const first = text.matchAll(MARK).next().value;
  return first?.index === 0 ? text.slice(first[0].length).trim() : text;
}

/** The answer in a JSON object, or in a list of one. */
function fieldOf(text: string): string | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    const value: unknown = JSON.parse(text);
    const named = Object.entries(value as object).find(([name]) =>
      /^(?:final_)?answer$/i.test(name),
    );
    const answer = Array.isArray(value) && value.length === 1 ? value[0] : named?.[1];
    return typeof answer === 'object' || answer === undefined ? null : String(answer);
  } catch {
    return null; // it only looks like JSON
  }
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
