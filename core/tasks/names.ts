import { composed, type Spelling, spellingOf } from '../spelling.ts';
import { fold } from '../text.ts';

/** A name in a text, from character `start` (inclusive) to `end` (exclusive). */
export interface NameFound {
  /** Which name it is, an index; several where names are spelled alike. */
  names: number[];
  start: number;
  end: number;
}

const ARTICLES = ['a', 'an', 'the'];
const IS_WORD = /[\p{L}\p{M}\p{N}]/u;
/** "not", "isn't a" and the like, before what is denied. */
const DENIAL =
  /(?:(?<!\p{L})(?:not|never|nor|neither|no)|n['’]t)\s+(?:an?\s+|the\s+)?["'“‘*_`(]*$/iu;
const DENIAL_LENGTH = 24;
/** Where the words of a name meet without a separator: "notSpam", "HTMLPage", "covid19". */
const JOINTS =
  /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/gu;

/** Whether a text denies what stands at a place of it, in English. */
export function isDenied(text: string, at: number): boolean {
  return DENIAL.test(text.slice(Math.max(0, at - DENIAL_LENGTH), at));
}

/** The pieces of a text before, between and after the names found in it. */
export function besides(found: readonly NameFound[], text: string): string[] {
  const starts = [...found.map(({ start }) => start), text.length];
  return [0, ...found.map(({ end }) => end)].map((end, place) => text.slice(end, starts[place]));
}

/**
 * Finds names (labels, texts of options) as whole words in a text (`composed`), in any case and
 * spelling. Of names that begin at the same place the longest is found. The time it takes grows
 * with the text, not with the number of names.
 */
export class NameFinder {
  readonly #names: readonly string[];
  readonly #byKey = new Map<string, number[]>();
  /** How long the keys are that begin with a character, the longest first. */
  readonly #lengths = new Map<string, number[]>();
  /** Where a name may be parted, for those that were met. */
  readonly #partings = new Map<number, Set<number>>();
  #sorted?: string[];

  constructor(names: readonly string[]) {
    this.#names = names;
    const lengths = new Map<string, Set<number>>();
    names.forEach((name, index) => {
      const { key } = spellingOf(name);
      if (key === '') return;
      const alike = this.#byKey.get(key);
      if (alike) alike.push(index);
      else this.#byKey.set(key, [index]);
      const first = key[0]!;
      lengths.set(first, (lengths.get(first) ?? new Set()).add(key.length));
    });
    for (const [first, all] of lengths)
      this.#lengths.set(
        first,
        [...all].sort((a, b) => b - a),
      );
  }

  /** The names that the text is, as a whole. */
  whole(text: string): number[] {
    return this.#alike(this.#byKey.get(spellingOf(text).key) ?? [], text);
  }

  /** The names the text opens with, after signs and an article. */
  opening(text: string): NameFound | null {
    const spelling = spellingOf(text);
    const { key, begins, ends } = spelling;
    let mayBeArticle = true;
    let place = 0;
    while (place < key.length) {
      const found = begins[place] ? this.#at(place, spelling, text) : null;
      if (found) return found;
      if (!IS_WORD.test(key[place]!)) {
        place++;
        continue;
      }
      const isHere = (word: string) => key.startsWith(word, place) && ends[place + word.length - 1];
      const article = mayBeArticle && ARTICLES.find(isHere);
      if (!article) return null;
      mayBeArticle = false;
      place += article.length;
    }
    return null;
  }

  /** All names in the text, from left to right. */
  *all(text: string): Generator<NameFound> {
    const spelling = spellingOf(text);
    const { key, begins } = spelling;
    for (let place = 0; place < key.length; place++) {
      const found = begins[place] ? this.#at(place, spelling, text) : null;
      if (!found) continue;
      yield found;
      while (place + 1 < key.length && spelling.at[place + 1]! < found.end) place++;
    }
  }

  /** Whether the text is the beginning of a name, and not all of it. */
  isBeginning(text: string): boolean {
    const { key } = spellingOf(text);
    this.#sorted ??= [...this.#byKey.keys()].sort();
    const sorted = this.#sorted;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! <= key) low = middle + 1;
      else high = middle;
    }
    return sorted[low]?.startsWith(key) ?? false;
  }

  /** The longest name that begins at a place of a spelling. */
  #at(place: number, { key, at, ends, parted }: Spelling, text: string): NameFound | null {
    for (const length of this.#lengths.get(key[place]!) ?? []) {
      const end = place + length;
      const names = ends[end - 1] ? this.#byKey.get(key.slice(place, end)) : undefined;
      if (!names) continue;
      const isAllowed = (name: number) => {
        for (let inner = place + 1; inner < end; inner++)
          if (parted[inner] && !this.#partingsOf(name).has(inner - place)) return false;
        return true;
      };
      const span = { start: at[place]!, end: at[end - 1]! + 1 };
      const found = this.#alike(names.filter(isAllowed), text.slice(span.start, span.end));
      if (found.length > 0) return { names: found, ...span };
    }
    return null;
  }

  /** Of names with one key those that the text is in any case, or all where there is none. */
  #alike(names: number[], text: string): number[] {
    if (names.length < 2) return names;
    const exact = names.filter((name) => fold(this.#names[name]!) === fold(text));
    return exact.length > 0 ? exact : names;
  }

  #partingsOf(index: number): Set<number> {
    const known = this.#partings.get(index);
    if (known) return known;
    const name = composed(this.#names[index]!);
    const { key, at, parted } = spellingOf(name);
    const joints = new Set([...name.matchAll(JOINTS)].map((joint) => joint.index));
    const partings = new Set<number>();
    for (let place = 0; place < key.length; place++)
      if (parted[place] || joints.has(at[place]!)) partings.add(place);
    this.#partings.set(index, partings);
    return partings;
  }
}
