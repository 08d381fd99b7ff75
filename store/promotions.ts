import type { Promotion } from '../core/living/promotion.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';

/** The changes of a run's champion. Of those of one number the first committed counts. */
export class Promotions {
  readonly #log: Log<Promotion>;

  constructor(database: Database) {
    this.#log = new Log<Promotion>(database, {
      name: 'promotions',
      schema: schemaOf({
        number: types.int,
        round: types.int,
        model: types.string,
        role: types.string,
        'from?': types.string,
        by: types.string,
        'name?': types.string,
        reason: types.string,
        at: types.string,
      }),
      key: ({ number }) => `${number}`,
    });
  }

  /** Records a change, unless its number is taken. @returns the one of that number now */
  async add(promotion: Promotion): Promise<Promotion> {
    await this.#log.append([promotion]);
    return (await this.all()).find(({ number }) => number === promotion.number)!;
  }

  /** All of them, by number: the last is the champion. */
  async all(): Promise<Promotion[]> {
    return (await this.#log.read()).sort((a, b) => a.number - b.number);
  }
}
