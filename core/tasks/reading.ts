import { isObject, jsonIn } from '../json.ts';
import { composed } from '../spelling.ts';

/**
 * How a task finds its answers in a text (`composed`). Where the text was cut off at its end
 * (`isCut`), what may be the beginning of another answer there is none.
 */
export interface Choices {
  /** The answer that the text is, and nothing else. */
  whole(text: string, isCut: boolean): string | null;
  /** The answer the text opens with, and where the text goes on after it. */
  opening(text: string, isCut: boolean): { answer: string; end: number } | null;
  /** The different answers the text names, anywhere. */
  named(text: string): string[];
}

/** A text, and whether it was cut off at its end. */
interface Passage {
  text: string;
  isCut: boolean;
}

/**
 * Reads the one answer a text gives, or null where it gives none or several: the text itself, else
 * the last answer that is marked as such, else the one its first line opens with, else the only one
 * it names. A text that was cut off has no last word: there a first sentence that is an answer comes
 * before marks, and what is only named does not count.
 */
export function readAnswer(raw: string, choices: Choices, isCut: boolean): string | null {
  const all = composed(raw);
  const block = unfenced(all);
  const text = unescaped(block);
  const first = firstLine({ text, isCut });
  return (
    choices.whole(all, isCut) ??
    fieldOf(block, choices) ??
    choices.whole(text, isCut) ??
    (isCut ? sentence(first, choices) : null) ??
    marked({ text, isCut }, choices) ??
    opening(first, choices) ??
    (isCut ? null : only(choices.named(text)))
  );
}

function only(answers: string[]): string | null {
  return answers.length === 1 ? answers[0]! : null;
}

function firstLine({ text, isCut }: Passage): Passage {
  const trimmed = text.trimStart();
  const end = trimmed.indexOf('\n');
  return end < 0 ? { text: trimmed, isCut } : { text: trimmed.slice(0, end), isCut: false };
}

/** What stands in a block of code, where that is all. */
export function unfenced(text: string): string {
  return /^\s*```\w*\n([\s\S]*?)(?:\n```\s*)?$/.exec(text)?.[1] ?? text;
}

/** Without what Markdown and LaTeX put around signs and numbers: "\%", "\(12{,}500\)", "\frac{3}{4}". */
export function unescaped(text: string): string {
  return text
    .replace(/\\\((?=[^()\\]*\d)([^()]*)\\\)/g, ' $1 ')
    .replace(/\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}/g, '$1')
    .replace(/\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g, '$1/$2')
    .replace(/\\(?:times|cdot)(?!\p{L})/gu, '×')
    .replace(/\\approx(?!\p{L})/gu, '≈')
    .replaceAll('{,}', ',')
    .replace(/\\(?=[^\p{L}\p{N}\s])/gu, '');
}

const HEDGE = /^[\s"'”’)\]}*_`,;]*(?:[?&/]|(?:or|and)(?![\p{L}\p{N}]))/iu;
const SENTENCE_END = /^[\s"'”’)\]}*_`]*(?:[.!](?![\p{N}.…])|$)/u;

/** The answer a passage opens with, and what stands after it, unless that makes it doubtful. */
function opened(
  { text, isCut }: Passage,
  choices: Choices,
): { answer: string; rest: string } | null {
  const found = choices.opening(text, isCut);
  const rest = text.slice(found?.end);
  return found && !HEDGE.test(rest) ? { answer: found.answer, rest } : null;
}

/** The answer that is the first sentence of a line. */
function sentence(line: Passage, choices: Choices): string | null {
  const found = opened(line, choices);
  return found && SENTENCE_END.test(found.rest) ? found.answer : null;
}

/** The answer a line opens with, where it names no other. */
function opening(line: Passage, choices: Choices): string | null {
  const found = opened(line, choices);
  return found && only(choices.named(line.text)) === found.answer ? found.answer : null;
}

const ANSWER = '(?:answer|label|option|choice|category|class|prediction)';
// "Answer: x", "**Answer:** x", "the answer is x", "Label = x"; "<answer>x</answer>"; "\boxed{x}".
const STATEMENT = new RegExp(
  [
    String.raw`\\boxed\s*\{(?<boxed>(?:[^{}]|\{[^{}]*\})*)`,
    String.raw`(?<![\p{L}\p{N}])${ANSWER}["'”’*_\x60]*\s*(?:is(?!\p{L})|[:：=])[*_\x60\s:：]*`,
    String.raw`<${ANSWER}>\s*`,
  ].join('|'),
  'giu',
);

/** The last answer that is marked as one. A mark speaks of what follows, up to another or the line's end. */
function marked({ text, isCut }: Passage, choices: Choices): string | null {
  const marks = [...text.matchAll(STATEMENT)];
  for (const [place, { 0: mark, index, groups }] of [...marks.entries()].reverse()) {
    const next = marks[place + 1]?.index;
    const after = text.slice(index + mark.length, next);
    const passage =
      groups!.boxed === undefined
        ? firstLine({ text: after, isCut: isCut && next === undefined })
        : { text: unset(groups!.boxed), isCut: isCut && after === '' };
    const answer =
      opened(passage, choices)?.answer ??
      (passage.isCut ? null : only(choices.named(passage.text)));
    if (answer !== null) return answer;
  }
  return null;
}

/** A LaTeX text without its commands: "\text{B}" is "B". */
function unset(latex: string): string {
  return latex.replace(/\\\p{L}+\s*|[{}]/gu, '');
}

const ANSWER_FIELD = new RegExp(`^(?:final[_ ]?)?${ANSWER}$`, 'i');

/** The answer in a JSON object: the field of that name, else the only field that is an answer. */
function fieldOf(text: string, choices: Choices): string | null {
  const object = jsonIn(text);
  if (!isObject(object)) return null;
  const fields = Object.entries(object);
  const marked = fields.filter(([name]) => ANSWER_FIELD.test(name));
  const answers = (marked.length > 0 ? marked : fields)
    .flatMap(([, value]) => value)
    .map((value) => choices.whole(composed(String(value)), false))
    .filter((answer) => answer !== null);
  return only([...new Set(answers)]);
}
