import { createHash } from 'node:crypto';
import type { StoredExample } from '../core/types.ts';

/** An example with its place in the order of a seed. */
interface Ticket {
  example: StoredExample;
  place: string;
}

const byPlace = (a: Ticket, b: Ticket) => (a.place < b.place ? -1 : 1);

/**
 * Draws a number of examples by a seed: those that come first in the order of a hash of seed and id.
 * So a draw of fewer is part of one of more, and the same in every order of the files. Memory goes
 * with the number, not with what it is drawn from.
 */
export class Draw {
  readonly #seed: number;
  readonly #count: number;
  #tickets: Ticket[] = [];

  constructor(seed: number, count: number) {
    this.#seed = seed;
    this.#count = count;
  }

  offer(example: StoredExample): void {
    const place = createHash('sha256').update(`${this.#seed}\n${example.id}`).digest('hex');
    this.#tickets.push({ example, place });
    if (this.#tickets.length > 2 * this.#count + 1_000) this.#keepFirst();
  }

  /** What is drawn of all that were offered, in the order in which they were. */
  get drawn(): StoredExample[] {
    this.#keepFirst();
    return this.#tickets.map(({ example }) => example).sort((a, b) => a.ordinal - b.ordinal);
  }

  #keepFirst(): void {
    this.#tickets = this.#tickets.sort(byPlace).slice(0, this.#count);
  }
}
