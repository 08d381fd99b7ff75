import type { Split } from '../../../core/types.ts';

/** A row of a data file. */
export interface Row {
  question: string;
  answer?: string;
}

/** What files bring, and to which of their splits. */
export type Kind = Split | 'withdrawn';

/** An example that counts, as docs/data.md says. */
interface Entry {
  split: Split;
  answer: string | undefined;
  /** The addition that it came with. */
  by: number;
  /** What it took the place of. */
  before: Entry | undefined;
}

/**
 * Which examples of a data set count, by the rules of docs/data.md and by nothing of the product: what
 * comes again, contradicts, becomes labelled, is withdrawn or was wrong.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  readonly #tested = new Set<string>();
  /** What was labelled or unlabelled, now or ever: no test row. */
  readonly #known = new Set<string>();
  readonly #forgotten = new Set<string>();

  /** Takes in a row. @param by the addition that it comes with */
  add(split: Split, { question, answer }: Row, by: number): void {
    if (this.#forgotten.has(question)) return;
    if (split === 'test' ? this.#known.has(question) : this.#tested.has(question)) return;
    const before = this.#entries.get(question);
    if (split === 'unlabelled' && before) return;
    if (before?.split === split && before.answer === answer) return;
    (split === 'test' ? this.#tested : this.#known).add(question);
    const counts = split === 'unlabelled' ? undefined : answer;
    this.#entries.set(question, { split, answer: counts, by, before });
  }

  /** Strikes a row out for good. */
  withdraw(question: string): void {
    this.#entries.delete(question);
    this.#forgotten.add(question);
  }

  /** Strikes out all that an addition has brought: what it took the place of counts again. */
  takeBack(addition: number): void {
    for (const [question, { by, before }] of [...this.#entries]) {
      if (by !== addition) continue;
      if (before) this.#entries.set(question, before);
      else this.#entries.delete(question);
    }
  }

  /** The examples of a split that count, and their answers: none of the unlabelled. */
  of(split: Split): Map<string, string | undefined> {
    const some = [...this.#entries].filter(([, entry]) => entry.split === split);
    return new Map(some.map(([question, { answer }]) => [question, answer]));
  }
}
