import type { Answer } from '../core/answer.ts';
import type { RunTables } from '../store/run.ts';
import type { SharedAnswer, SharedAnswers } from '../store/sharedAnswers.ts';
import { keepUntilStored } from './keeping.ts';
import type { Tracker } from './progress.ts';

/** How long answers wait, at the most, for others to be stored with. */
const GROUP_MS = 250;

/**
 * Stores answers in groups: each append is a fragment of the table, so they should be few, and an
 * answer that is not stored is asked for again after a crash, so they should be soon. They were
 * paid for: where the store cannot take them, they are kept until it can. What others may take over is
 * shared before it is stored: between the two a crash would else leave an answer that nobody shares.
 */
export class AnswerBuffer {
  readonly #tables: RunTables;
  readonly #shared: SharedAnswers | undefined;
  readonly #tracker: Tracker;
  readonly #ofAsks: number;
  /** Asks whose answers have not come yet: nobody is waited for after the last. */
  #awaited: number;
  #asks = 0;
  #rows: Answer[] = [];
  #toShare: SharedAnswer[] = [];
  #full = Promise.withResolvers<void>();
  #group?: Promise<void>;

  /**
   * @param shared what the run shares, if it does
   * @param size asks a group has at the most, and how many there will be in all
   */
  constructor(
    { tables, shared }: { tables: RunTables; shared?: SharedAnswers | undefined },
    tracker: Tracker,
    size: { ofAsks: number; awaited: number },
  ) {
    this.#tables = tables;
    this.#shared = shared;
    this.#tracker = tracker;
    this.#ofAsks = size.ofAsks;
    this.#awaited = size.awaited;
  }

  /** Resolves when the rows, which answer one ask, are stored. @param toShare the same for others to take over */
  store(rows: Answer[], toShare?: SharedAnswer): Promise<void> {
    this.#rows.push(...rows);
    if (toShare) this.#toShare.push(toShare);
    this.#group ??= this.#commit();
    const group = this.#group;
    this.#asks++;
    this.expectOneLess();
    if (this.#asks >= this.#ofAsks) this.#full.resolve();
    return group;
  }

  /** One of the asks needs not be waited for. */
  expectOneLess(): void {
    this.#awaited--;
    if (this.#awaited === 0) this.#full.resolve();
  }

  async #commit(): Promise<void> {
    const timer = setTimeout(() => this.#full.resolve(), GROUP_MS);
    await this.#full.promise;
    clearTimeout(timer);
    const rows = this.#rows;
    this.#rows = [];
    const toShare = this.#toShare;
    this.#toShare = [];
    this.#asks = 0;
    this.#full = Promise.withResolvers();
    this.#group = undefined;
    const keep = (store: () => Promise<void>) =>
      keepUntilStored(this.#tracker, `${rows.length} answers`, store);
    if (toShare.length > 0) await keep(async () => this.#shared?.add(toShare));
    await keep(() => this.#tables.addAnswers(rows, this.#tracker.attempt));
  }
}
