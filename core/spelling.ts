/**
 * A text as it is compared: the spellings of one name (`not_spam`, "Not spam", "not-spam") have one
 * key. It is in lower case and without what parts words; all other signs stay, as do those at the
 * ends of words and between digits ("C++" is not "C", "-1" not "1", "1-2" not "12").
 */
export interface Spelling {
  key: string;
  /** For each character of the key: where it stands in the text, as `composed` gives it. */
  at: Uint32Array;
  /** 1 where a name may begin, and end, with it, which is not within a word. */
  begins: Uint8Array;
  ends: Uint8Array;
  /** 1 where the word it begins is parted from another before it. */
  parted: Uint8Array;
}

const WORD_OR_NOT = /[\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+/gu;
const IS_WORD = /^[\p{L}\p{M}\p{N}]/u;
const ENDS_IN_DIGIT = /\p{N}$/u;
const BEGINS_WITH_DIGIT = /^\p{N}/u;
const HYPHENS = /^[-_‐‑−]+$/;
/** What stands between words that are apart: white space, with a dash or without, or a slash. */
const SPACE = /^(?:–|\s+|\s+[-_‐‑−–]+\s+|\s*\/\s*)$/;
/** What belongs to the word before it, unless a word follows at once: "C++", not "1+1". */
const SUFFIX = /^[+#]+(?![+#]|$)/;
const SUFFIX_AT_END = /^[+#]+/;
const DASH = /[-‐‑−–]$/;

/** How a word follows what is before it: as a part of the same word, or as another. */
interface Link {
  isGlued?: boolean;
  isParted?: boolean;
}

/** The form of a text that its spelling speaks of. */
export function composed(text: string): string {
  // The one letter that is longer in lower case.
  return text.normalize('NFC').replaceAll('İ', 'I');
}

/** The spelling of a text, in a time that grows with its length. */
export function spellingOf(text: string): Spelling {
  const lower = composed(text).toLowerCase();
  const writer = new Writer(lower.length);
  const pieces = lower.match(WORD_OR_NOT) ?? [];
  let at = 0;
  let link: Link = {};
  pieces.forEach((piece, place) => {
    if (IS_WORD.test(piece)) writer.write(piece, at, link);
    else link = writeSigns(writer, piece, at, pieces[place - 1] ?? '', pieces[place + 1] ?? '');
    at += piece.length;
  });
  return writer.spelling();
}

/** Writes what belongs to the key of the signs between two words (empty at the ends of the text). */
function writeSigns(
  writer: Writer,
  signs: string,
  at: number,
  before: string,
  after: string,
): Link {
  const isInside = before !== '' && after !== '';
  const isInNumber = ENDS_IN_DIGIT.test(before) && BEGINS_WITH_DIGIT.test(after);
  const isGlued = HYPHENS.test(signs);
  if (isInside && (isGlued || SPACE.test(signs))) {
    if (isInNumber) writer.write(' ', at, { isGlued });
    return { isGlued, isParted: true };
  }
  if (isInside && (isInNumber ? /^[.,]$/ : /^['’]$/).test(signs)) {
    writer.write(signs.replace('’', "'"), at, { isGlued: true });
    return { isGlued: true };
  }
  const suffix = before === '' ? null : (after === '' ? SUFFIX_AT_END : SUFFIX).exec(signs);
  for (const { 0: sign, index } of signs.matchAll(/\S/gu))
    writer.write(DASH.test(sign) ? '-' : sign, at + index, {
      isGlued: index < (suffix?.[0].length ?? 0),
    });
  const isNegative = DASH.test(signs) && BEGINS_WITH_DIGIT.test(after);
  return { isGlued: isNegative };
}

/** Writes a spelling from left to right. */
class Writer {
  readonly #parts: string[] = [];
  readonly #at: Uint32Array;
  readonly #begins: Uint8Array;
  readonly #ends: Uint8Array;
  readonly #parted: Uint8Array;
  #length = 0;

  constructor(most: number) {
    this.#at = new Uint32Array(most);
    this.#begins = new Uint8Array(most);
    this.#ends = new Uint8Array(most);
    this.#parted = new Uint8Array(most);
  }

  /** Writes the characters of a word, or one sign. */
  write(characters: string, at: number, { isGlued = false, isParted = false }: Link): void {
    const start = this.#length;
    this.#parts.push(characters);
    if (!isGlued) this.#begins[start] = 1;
    else if (start > 0) this.#ends[start - 1] = 0;
    if (isParted) this.#parted[start] = 1;
    for (let offset = 0; offset < characters.length; offset++)
      this.#at[this.#length++] = at + offset;
    this.#ends[this.#length - 1] = 1;
  }

  spelling(): Spelling {
    return {
      key: this.#parts.join(''),
      at: this.#at,
      begins: this.#begins,
      ends: this.#ends,
      parted: this.#parted,
    };
  }
}
