import { jsonIn } from '../json.ts';
import { composed } from '../spelling.ts';
import { besides, isDenied, NameFinder, type NameFound } from './names.ts';
import { unescaped, unfenced } from './reading.ts';

/** What may stand between the labels of a list, and around it. */
const GLUE =
  /^(?:[\s,;|/&+•·*_`"'“”‘’«»()[\]{}<>.:!–—-]|\d{1,2}[.)]|\b(?:and|plus|both|as well as)\b)*$/iu;
const NONE =
  /^(?:none(?: of (?:them|these|those|the \p{L}+))?|no (?:labels?|categor(?:y|ies)|class(?:es)?|tags?|topics?))(?: (?:at all|appl(?:y|ies)|fits?|match(?:es)?))?$/iu;
const SIGNS_AROUND = /^[\s"'“”‘’*_`()[\]{}<>.:!-]+|[\s"'“”‘’*_`()[\]{}<>.:!-]+$/gu;
const EMPTY_LIST = /^(?:\[\s*\]|\(\s*\)|\{\s*\})$/;
const FIELDS =
  '(?:answers?|labels?|categor(?:y|ies)|class(?:es)?|tags?|topics?|options?|choices?|predictions?)';
// "Labels: x, y", "**Answer:** x", "the labels are x and y"; "<answer>x"; "\boxed{x, y}".
const MARK = new RegExp(
  [
    String.raw`\\boxed\s*\{(?:\\text\s*\{)?`,
    String.raw`(?<![\p{L}\p{N}])${FIELDS}(?: that (?:apply|fit))?["'”’*_\x60]*\s*(?:(?:is|are)(?!\p{L})|[:：=])[*_\x60\s:：]*`,
    `<${FIELDS}>`,
  ].join('|'),
  'giu',
);
const FIELD = new RegExp(`^(?:final[_ ]?)?${FIELDS}$`, 'i');
const TAG = /<\/?\p{L}+>/gu;
/** Characters of a phrase that is looked for as a whole: what is longer is something else. */
const LONGEST_PHRASE = 200;
const BULLET = /^\s*(?:[-*•·]|\d{1,2}[.)])\s+/u;
const LIST_GOES_ON = /(?:[,;|&+/]|\band)\s*$/iu;
const DECISION = /^(.*?)[\s*_`"'”’]*[:=–—-][\s*_`"'“‘]*(yes|no|true|false)\b[^\p{L}\p{N}]*$/iu;
const YES = /^(?:yes|true)$/i;
const EXPLANATION = /^[\s*_`"'”’)]*(?:[-–—:(]|\.\s|(?:,\s*)?(?:because|since|as)\b)/iu;

/**
 * Reads sets of labels. A set is the indices of its labels, ascending; the empty set is what says
 * that no label fits.
 */
export class LabelSets {
  readonly #finder: NameFinder;

  constructor(labels: readonly string[]) {
    this.#finder = new NameFinder(labels);
  }

  /** The set that a text is, and nothing else: a list in JSON, or labels with signs between them. */
  whole(raw: string): number[] | null {
    const text = composed(raw);
    const list = jsonIn(text);
    if (Array.isArray(list)) return this.#items(list);
    const found = [...this.#finder.all(text)];
    if (found.length === 0) return saysNone(text) ? [] : null;
    return besides(found, text).every((piece) => GLUE.test(piece)) ? setOf(found) : null;
  }

  /**
   * The set that a model's text gives: its list or object in JSON, else what stands after the last
   * mark ("Labels: …"), else the list it is or begins with, else the labels that its only line
   * names. Null where it gives none, or speaks of alternatives. Of a text that was cut off only a
   * list counts that has an end before the cut.
   */
  read(raw: string, isCut: boolean): number[] | null {
    const block = unfenced(composed(raw));
    const list = /^\s*\[[^[\]]*\]/.exec(block)?.[0];
    const closed = list === undefined ? null : this.whole(list);
    if (closed) return closed;
    const json = jsonIn(block);
    if (json) return Array.isArray(json) ? this.#items(json) : this.#fields(json);

    const text = unescaped(block);
    const all = isCut ? null : (this.whole(block) ?? this.whole(text));
    if (all) return all;
    const stated = isCut ? beforeCut(text) : text;
    if (stated === null) return null;
    const marks = [...stated.matchAll(MARK)];
    for (const [place, { 0: mark, index }] of [...marks.entries()].reverse()) {
      const after = stated.slice(index + mark.length, marks[place + 1]?.index);
      const isBoxed = mark.startsWith('\\');
      const set = this.#stated(isBoxed ? after.slice(0, after.indexOf('}')) : after, isCut);
      if (set) return set;
    }
    return this.#stated(stated, isCut);
  }

  #items(items: readonly unknown[]): number[] | null {
    const names = items.map((item) => this.#finder.whole(composed(String(item))));
    return names.every(({ length }) => length === 1) ? ascending(names.flat()) : null;
  }

  /** The field of an object that is marked as the answer, its only one, or those that say yes. */
  #fields(object: object): number[] | null {
    const fields = Object.entries(object);
    const marked = fields.filter(([name]) => FIELD.test(name));
    const [answer, ...others] = marked.length > 0 ? marked : fields;
    if (!answer) return null;
    if (fields.every(([, value]) => typeof value === 'boolean'))
      return this.#items(fields.flatMap(([name, isIn]) => (isIn ? [name] : [])));
    if (others.length > 0) return null;
    const value: unknown = answer[1];
    return Array.isArray(value) ? this.#items(value) : this.whole(String(value));
  }

  /** What a passage states, on its first lines or as points; its only line may be a sentence. */
  #stated(passage: string, isCut: boolean): number[] | null {
    const text = passage.replace(TAG, ' ').trim();
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    const first = lines[0];
    if (first === undefined) return null;
    return (
      this.whole(text) ??
      this.#decided(lines) ??
      this.#leading(lines) ??
      this.#points(lines) ??
      this.#explained(first, lines.slice(1).join('\n')) ??
      (isCut || lines.length > 1 ? null : this.#named(first))
    );
  }

  /** The labels that lines say yes to, where each line says yes or no to one. */
  #decided(lines: readonly string[]): number[] | null {
    const decisions = lines.map((line) => {
      const [, label = '', decision] = (isPhrase(line) && DECISION.exec(line)) || [];
      return { label: this.whole(label) ?? [], decision };
    });
    if (!decisions.every(({ label, decision }) => decision && label.length === 1)) return null;
    return ascending(
      decisions.flatMap(({ label, decision }) => (YES.test(decision!) ? label : [])),
    );
  }

  /** The set of the first lines that are lists, each by itself. */
  #leading(lines: readonly string[]): number[] | null {
    const sets: number[][] = [];
    for (const line of lines) {
      const set = this.whole(line);
      if (set === null && BULLET.test(lines[0]!) && BULLET.test(line)) return null;
      if (set === null || (set.length === 0 && sets.length > 0)) break;
      sets.push(set);
    }
    return sets.length === 0 ? null : ascending(sets.flat());
  }

  /** The labels that points begin with, where all of them do; or else all lines, each with reasons. */
  #points(lines: readonly string[]): number[] | null {
    const points = lines.filter((line) => BULLET.test(line));
    const found = (points.length > 0 ? points : lines).map((line) => {
      const point = line.replace(BULLET, '');
      const name = this.#finder.opening(point);
      const isPoint = points.length > 0 || EXPLANATION.test(point.slice(name?.end));
      return (isPoint && name?.names) || [];
    });
    return found.every(({ length }) => length === 1) ? ascending(found.flat()) : null;
  }

  /** The list that a line begins with, where reasons follow, on it and below, that speak of nothing else. */
  #explained(line: string, below: string): number[] | null {
    const found = [...this.#finder.all(line)];
    const pieces = besides(found, line);
    const count = pieces.findIndex((piece) => !GLUE.test(piece));
    const rest = pieces[count] ?? '';
    if (count < 1) {
      const [, statement, reasons] = /^([^.]+)(\..*)$/u.exec(line) ?? [];
      return found.length === 0 && reasons && saysNone(statement!) ? [] : null;
    }
    const text = `${line}\n${below}`;
    const named = [...this.#finder.all(text)].filter(({ start }) => !isDenied(text, start));
    const later = setOf(named.filter(({ start }) => start >= found[count - 1]!.end));
    const set = setOf(found.slice(0, count));
    return EXPLANATION.test(rest) && later.every((label) => set.includes(label)) ? set : null;
  }

  /** The labels that a sentence names, unless it leaves open which. */
  #named(line: string): number[] | null {
    const found = [...this.#finder.all(line)].filter(({ start }) => !isDenied(line, start));
    const isOpen = besides(found, line).some((piece) => /\?|\bor\b/iu.test(piece));
    return found.length === 0 || isOpen || this.#isList(line) ? null : setOf(found);
  }

  /** Whether a line has commas, and its labels stand alone between them: then the rest are none. */
  #isList(line: string): boolean {
    const items = line.split(/[,;|]/);
    const isItem = (item: string) =>
      this.#finder.all(item).next().done || this.whole(item) !== null;
    return items.length > 1 && items.every(isItem);
  }
}

const isPhrase = (text: string) => text.length <= LONGEST_PHRASE;

function saysNone(text: string): boolean {
  const trimmed = text.trim();
  if (!isPhrase(trimmed)) return false;
  return EMPTY_LIST.test(trimmed) || NONE.test(trimmed.replace(SIGNS_AROUND, ''));
}

/** The whole lines of a text that was cut off, where they are not a list that may go on. */
function beforeCut(text: string): string | null {
  const end = text.lastIndexOf('\n');
  const [whole, last] = [text.slice(0, Math.max(0, end)), text.slice(end + 1)];
  const mayGoOn = last.trim() === '' || BULLET.test(`${last} `) || LIST_GOES_ON.test(whole);
  return mayGoOn || last.search(MARK) >= 0 ? null : whole;
}

const setOf = (found: readonly NameFound[]) => ascending(found.flatMap(({ names }) => names));

const ascending = (labels: readonly number[]) => [...new Set(labels)].sort((a, b) => a - b);
