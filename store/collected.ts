import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';
import { equals } from './sql.ts';

/** A file that was taken from a watched place, or refused for what it holds, as it was then. */
export interface CollectedFile {
  run: string;
  file: string;
  /** What changes with its contents. */
  mark: string;
}

/** Which files of watched places runs need not be handed again. */
export class Collected {
  readonly #log: Log<CollectedFile>;

  constructor(database: Database) {
    this.#log = new Log<CollectedFile>(database, {
      name: 'collected',
      schema: schemaOf({ run: types.string, file: types.string, mark: types.string }),
      key: ({ run, file, mark }) => JSON.stringify([run, file, mark]),
    });
  }

  add(files: readonly CollectedFile[]): Promise<void> {
    return this.#log.append(files);
  }

  of(run: string): Promise<CollectedFile[]> {
    return this.#log.read(equals({ run }));
  }
}
