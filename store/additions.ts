import type { StoredExample } from '../core/types.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';

/** Which example it is, and what it is answered with. */
export type ExampleRef = Pick<StoredExample, 'id' | 'split' | 'ordinal' | 'answer'>;

/** An example that a later version has brought, by its ordinal there. */
export interface Addition extends ExampleRef {
  version: string;
}

type Row = Omit<Addition, 'answer'> & { answer: string | null };

/**
 * Which examples were added to a data set, by whichever of its later versions: one table, in the folder
 * of the first, so that a look-up costs the same however many versions there are. What versions hold
 * follows from their ids, so that attempts at one write the same rows.
 */
export class Additions {
  readonly #log: Log<Row>;

  /** @param database of the version that the chain begins with */
  constructor(database: Database) {
    this.#log = new Log<Row>(database, {
      name: 'additions',
      schema: schemaOf({
        version: types.string,
        id: types.string,
        split: types.string,
        ordinal: types.int,
        'answer?': types.string,
      }),
      key: ({ version, split, ordinal }) => `${version}/${split}/${ordinal}`,
    });
  }

  add(version: string, examples: readonly StoredExample[]): Promise<void> {
    return this.#log.append(
      examples.map(({ id, split, ordinal, answer = null }) => ({
        ...{ version, id, split, ordinal, answer },
      })),
    );
  }

  /** Those with these ids, of all versions, also of some that came to nothing. */
  async find(ids: readonly string[]): Promise<Addition[]> {
    return (await this.#log.readAmong('id', ids)).map(({ answer, ...row }) => ({
      ...row,
      ...(answer !== null && { answer }),
    }));
  }

  /** Compacts them. For one caller at a time. */
  optimize(): Promise<void> {
    return this.#log.optimize();
  }
}
