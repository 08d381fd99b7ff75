import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';

/** A table in which a version has the examples of versions before it once more, beside its own. */
export interface Pack {
  version: string;
  /** The number of the first version whose examples are in it; all up to its own are. */
  since: number;
}

/** Nothing larger is copied: what an addition costs does not grow with what is there. */
const MOST = 4_096;
/** A table that is larger than so many times what comes after it is left alone. */
const FACTOR = 4;

/**
 * Which versions of a chain have packs. A table takes milliseconds to open, whatever it holds, so that
 * small segments are read together: those that follow one another are copied into one table, and such
 * tables into larger ones. There are few then, and each row is copied few times. Nothing depends on a
 * pack but how long reading takes.
 */
export class Packs {
  readonly #log: Log<Pack>;

  /** @param database of the version that the chain begins with */
  constructor(database: Database) {
    this.#log = new Log<Pack>(database, {
      name: 'packs',
      schema: schemaOf({ version: types.string, since: types.int }),
      key: ({ version }) => version,
    });
  }

  async add(pack: Pack): Promise<void> {
    await this.#log.append([pack]);
    await this.#log.optimize();
  }

  /** The number of the first version in the pack of each version that has one. */
  async all(): Promise<Map<string, number>> {
    return new Map((await this.#log.read()).map(({ version, since }) => [version, since]));
  }
}

/**
 * How many of the tables before the last one are to be copied together with it.
 * @param sizes how many examples each has
 */
export function packable(sizes: readonly number[]): number {
  let total = sizes.at(-1) ?? 0;
  if (total === 0) return 0;
  let count = 0;
  for (const size of sizes.slice(0, -1).reverse()) {
    if (size > FACTOR * total || total + size > MOST) break;
    total += size;
    count++;
  }
  return count;
}
