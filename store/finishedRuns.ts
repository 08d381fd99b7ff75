import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';

/** A run that has completed, and the data set that it worked on. */
export interface FinishedRun {
  run: string;
  dataset: string;
}

/** The runs of grids that have completed, for longer than Temporal remembers them. */
export class FinishedRuns {
  readonly #log: Log<FinishedRun>;

  constructor(database: Database) {
    this.#log = new Log<FinishedRun>(database, {
      name: 'finished_runs',
      schema: schemaOf({ run: types.string, dataset: types.string }),
      key: ({ run }) => run,
    });
  }

  add(finished: FinishedRun): Promise<void> {
    return this.#log.append([finished]);
  }

  /** Those of the runs that have completed: the data set of each. */
  async among(runs: readonly string[]): Promise<Map<string, string>> {
    const wanted = new Set(runs);
    const rows = await this.#log.read();
    return new Map(
      rows.flatMap(({ run, dataset }) => (wanted.has(run) ? [[run, dataset] as const] : [])),
    );
  }
}
