/** Examples that a person is to review, and nobody else for a while. */
export interface Lease {
  /** The round whose ranking this is. */
  ranking: number;
  /** Places in it, counted from 0. */
  positions: number[];
}

/** What a reviewer asks for. */
export interface LeaseRequest {
  /** Who asks: one name is one person. */
  reviewer: string;
  /** How many examples the reviewer wants to have at hand, those that are held already among them. */
  count: number;
  /** For how long nobody else gets them; half an hour when left out. */
  minutes?: number;
  /** What the reviewer is through with: reviewed or skipped, it is leased to nobody any more. */
  through?: Lease;
}

/** What a workflow carries along: numbers, and the reviewers' names. */
export interface LeasesState {
  /** The round whose ranking it is; 0 before there is one. */
  ranking: number;
  /** How many examples are ranked. */
  size: number;
  /** Positions that somebody is through with, in order. */
  through: number[];
  held: Held[];
}

interface Held {
  position: number;
  reviewer: string;
  /** Epoch milliseconds. */
  until: number;
}

/** Examples that a reviewer holds at the most. */
export const MOST_HELD = 500;
/** Half an hour: as long as somebody at a terminal may be away from it. */
export const USUAL_MINUTES = 30;
/** Two weeks: what is worked on by file comes back later. */
export const MOST_MINUTES = 14 * 24 * 60;
/** Characters of a name. */
const LONGEST_NAME = 100;

/**
 * Hands the examples of a ranking out, the first ones first, so that no two people have the same one
 * at the same time. Whoever asks again gets what they hold already, for longer, and then others; what
 * somebody has left lying is leased again when its time is over. Pure: the caller says what time it is.
 */
export class Leases {
  #ranking: number;
  #size: number;
  #held: Held[];
  readonly #through: Set<number>;

  constructor({ ranking, size, through, held }: LeasesState = NO_LEASES) {
    this.#ranking = ranking;
    this.#size = size;
    this.#through = new Set(through);
    this.#held = [...held];
  }

  /**
   * Goes over to a new ranking, with what is left of the old one forgotten: what was held is not to be
   * in the new one (see {@link held}).
   */
  renew(ranking: number, size: number): void {
    this.#ranking = ranking;
    this.#size = size;
    this.#held = [];
    this.#through.clear();
  }

  /**
   * @param now epoch milliseconds
   * @returns places in order; fewer than are asked for where there are no more
   */
  lease({ reviewer, count, minutes = USUAL_MINUTES, through }: LeaseRequest, now: number): Lease {
    if (through?.ranking === this.#ranking) this.#finish(through.positions);
    const held = this.#heldAt(now);
    const isOwn = (one: Held) => one.reviewer === reviewer;
    const positions = held.filter(isOwn).map(({ position }) => position);
    positions.sort((a, b) => a - b).splice(count);
    const taken = new Set(held.map(({ position }) => position));
    for (let next = 0; next < this.#size && positions.length < count; next++)
      if (!taken.has(next) && !this.#through.has(next)) positions.push(next);
    const until = now + minutes * 60_000;
    this.#held = [
      ...held.filter(({ position }) => !positions.includes(position)),
      ...positions.map((position) => ({ position, reviewer, until })),
    ];
    return { ranking: this.#ranking, positions: positions.sort((a, b) => a - b) };
  }

  /** What anybody holds. @param now epoch milliseconds */
  held(now: number): Lease {
    return {
      ranking: this.#ranking,
      positions: this.#heldAt(now)
        .map(({ position }) => position)
        .sort((a, b) => a - b),
    };
  }

  /** How many examples nobody is through with. */
  get open(): number {
    return this.#size - this.#through.size;
  }

  /** For who goes on with them. */
  get state(): LeasesState {
    return {
      ranking: this.#ranking,
      size: this.#size,
      through: [...this.#through].sort((a, b) => a - b),
      held: this.#held,
    };
  }

  #heldAt(now: number): Held[] {
    return this.#held.filter(({ until }) => until > now);
  }

  #finish(positions: readonly number[]): void {
    const isPlace = (position: number) => position >= 0 && position < this.#size;
    for (const position of positions.filter(isPlace)) this.#through.add(position);
    this.#held = this.#held.filter(({ position }) => !this.#through.has(position));
  }
}

const NO_LEASES: LeasesState = { ranking: 0, size: 0, through: [], held: [] };

/** What is wrong with a request, or undefined. */
export function leaseProblem({
  reviewer,
  count,
  minutes,
  through,
}: LeaseRequest): string | undefined {
  const isWhole = (value: unknown, most: number) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
  if (typeof reviewer !== 'string' || reviewer.trim() === '' || reviewer.length > LONGEST_NAME)
    return `reviewer: give a name of at most ${LONGEST_NAME} characters`;
  if (!isWhole(count, MOST_HELD)) return `count: ask for 1 to ${MOST_HELD} examples`;
  if (minutes !== undefined && !isWhole(minutes, MOST_MINUTES))
    return `minutes: ask for 1 to ${MOST_MINUTES} of them`;
  if (through !== undefined && !through.positions.every(Number.isInteger))
    return 'through: positions are whole numbers';
  return undefined;
}
