import type { LabelQuality } from '../core/grid/labels.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';

/** A run that has completed, and the data set that it worked on. */
export interface FinishedRun {
  run: string;
  dataset: string;
  /** What its labels are worth, by ways and scores. */
  labels: LabelQuality[];
}

type Row = Omit<FinishedRun, 'labels'> & {
  /** As JSON. */
  labels: string;
};

/** The runs of grids that have completed, for longer than Temporal remembers them. */
export class FinishedRuns {
  readonly #log: Log<Row>;

  constructor(database: Database) {
    this.#log = new Log<Row>(database, {
      name: 'completed_runs',
      schema: schemaOf({ run: types.string, dataset: types.string, labels: types.string }),
      key: ({ run }) => run,
    });
  }

  add({ labels, ...finished }: FinishedRun): Promise<void> {
    return this.#log.append([{ ...finished, labels: JSON.stringify(labels) }]);
  }

  /** Those of the runs that have completed, by name. */
  async among(runs: readonly string[]): Promise<Map<string, FinishedRun>> {
    const rows = await this.#log.readAmong('run', runs);
    return new Map(rows.map((row) => [row.run, { ...row, labels: JSON.parse(row.labels) }]));
  }
}
