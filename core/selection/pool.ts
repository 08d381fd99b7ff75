/** What is known of a pseudo-label when it is chosen, or not. */
export interface Judged {
  /** The lower, the surer; null where the score says nothing. */
  score: number | null;
  /** The index of its class among those of the task; any number where these do not count. */
  classIndex: number;
  /** Whether the rule keeps it. */
  isKept: boolean;
}

/**
 * The pseudo-labels of a round that have a label, by ordinal: 13 bytes each, since there may be a
 * million.
 */
export class Pool {
  /** By ordinal: infinite where the score says nothing, not a number where there is no label. */
  readonly scores: Float64Array;
  /** By ordinal. */
  readonly classes: Int32Array;
  readonly #kept: Uint8Array;

  /** @param size how many ordinals there are */
  constructor(size: number) {
    this.scores = new Float64Array(size).fill(Number.NaN);
    this.classes = new Int32Array(size);
    this.#kept = new Uint8Array(size);
  }

  set(ordinal: number, { score, classIndex, isKept }: Judged): void {
    this.scores[ordinal] = score ?? Number.POSITIVE_INFINITY;
    this.classes[ordinal] = classIndex;
    this.#kept[ordinal] = isKept ? 1 : 0;
  }

  /** What the rule keeps, the surest first: of equal scores in the order of ordinals. */
  kept(): Uint32Array {
    return this.#surestFirst((ordinal) => this.#kept[ordinal] === 1);
  }

  /** All that has a score, the surest first. */
  scored(): Uint32Array {
    return this.#surestFirst((ordinal) => Number.isFinite(this.scores[ordinal]));
  }

  /** What the rule keeps, and then what else has a score, both the surest first. */
  loosened(): Uint32Array {
    const others = this.scored().filter((ordinal) => this.#kept[ordinal] === 0);
    const kept = this.kept();
    const all = new Uint32Array(kept.length + others.length);
    all.set(kept);
    all.set(others, kept.length);
    return all;
  }

  #surestFirst(isOne: (ordinal: number) => boolean): Uint32Array {
    const { scores } = this;
    const every = Uint32Array.from(scores.keys()).filter(isOne);
    return every.sort((a, b) =>
      scores[a]! < scores[b]! ? -1 : scores[a]! > scores[b]! ? 1 : a - b,
    );
  }
}
