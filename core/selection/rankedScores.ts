/** A score that a threshold follows from, and the labels that this threshold is for. */
export interface Ranked {
  /** A label where each has a threshold of its own, else the same for all. */
  group: string;
  score: number;
}

/** The scores that thresholds follow from, by group: 12 bytes each, since there may be a million. */
export class RankedScores {
  readonly #scores: Float64Array;
  readonly #groups: Uint32Array;
  readonly #indexOf = new Map<string, number>();
  #count = 0;

  /** @param most how many there may be */
  constructor(most: number) {
    this.#scores = new Float64Array(most);
    this.#groups = new Uint32Array(most);
  }

  add({ group, score }: Ranked): void {
    const index = this.#indexOf.get(group) ?? this.#indexOf.size;
    this.#indexOf.set(group, index);
    this.#groups[this.#count] = index;
    this.#scores[this.#count++] = score;
  }

  /** Those of all groups, lowest first. */
  all(): Float64Array {
    return this.#scores.slice(0, this.#count).sort();
  }

  /** Those of each group, lowest first. */
  byGroup(): Map<string, Float64Array> {
    const sizes = Array<number>(this.#indexOf.size).fill(0);
    for (let place = 0; place < this.#count; place++) sizes[this.#groups[place]!]!++;
    const scores = sizes.map((size) => new Float64Array(size));
    for (let place = this.#count - 1; place >= 0; place--) {
      const index = this.#groups[place]!;
      scores[index]![--sizes[index]!] = this.#scores[place]!;
    }
    return new Map([...this.#indexOf].map(([group, index]) => [group, scores[index]!.sort()]));
  }
}
