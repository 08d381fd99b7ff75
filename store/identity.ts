import { randomUUID } from 'node:crypto';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';

interface Row {
  id: string;
}

/** What tells a store from every other: made once, by whoever asks first. */
export class Identity {
  readonly #log: Log<Row>;
  #known?: string;

  constructor(database: Database) {
    this.#log = new Log<Row>(database, {
      name: 'identity',
      schema: schemaOf({ id: types.string }),
      key: () => 'store', // of several that were made at the same time, the first
    });
  }

  async get(): Promise<string> {
    this.#known ??= await this.#find();
    if (this.#known) return this.#known;
    await this.#log.append([{ id: randomUUID() }]);
    return this.get();
  }

  async #find(): Promise<string | undefined> {
    return (await this.#log.read())[0]?.id;
  }
}
