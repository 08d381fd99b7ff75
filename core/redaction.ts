/** Characters in a row that a sentence may share with a text. */
const SHARED = 12;
/** Shorter texts are parts of any sentence. */
const SHORTEST = 3;
const GONE = '…';

/**
 * A sentence without what it repeats of texts, as they are or as JSON has them, in any case: whole
 * short ones, and parts of {@link SHARED} characters and more of others. Memory does not grow with
 * the texts.
 */
export class Redaction {
  readonly #sentence: string;
  readonly #folded: string;
  readonly #isShared: boolean[];

  constructor(sentence: string) {
    this.#sentence = sentence;
    this.#folded = folded(sentence);
    this.#isShared = Array<boolean>(sentence.length).fill(false);
  }

  /** From now on the sentence is without what it repeats of this text. */
  hide(text: string): void {
    for (const form of new Set([text, JSON.stringify(text).slice(1, -1)])) {
      const known = folded(form.trim());
      if (known.length < SHORTEST) continue;
      const length = Math.min(known.length, SHARED);
      for (let at = 0; at + length <= this.#folded.length; at++)
        if (known.includes(this.#folded.slice(at, at + length)))
          this.#isShared.fill(true, at, at + length);
    }
  }

  /** What is left. */
  get kept(): string {
    return this.#isShared
      .map((isGone, at) => (isGone ? GONE : this.#sentence[at]))
      .join('')
      .replace(new RegExp(`${GONE}+`, 'g'), GONE);
  }
}

/** In one case, as far as no character gets another length by it. */
const folded = (text: string): string =>
  text.replace(/[A-Z\u00C0-\u00DE]/g, (letter) => letter.toLowerCase());
