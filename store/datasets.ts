import type { IngestReport } from '../core/ingestReport.ts';
import type { Split } from '../core/types.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';
import { equals } from './sql.ts';

/** A data set that was ingested to its end. */
export interface DatasetInfo {
  id: string;
  /** Name of its examples table. */
  table: string;
  /** Examples a split, after cleaning. */
  counts: Record<Split, number>;
  report: IngestReport;
  /** ISO 8601. */
  createdAt: string;
}

interface Row {
  id: string;
  table: string;
  counts: string;
  report: string;
  createdAt: string;
}

/** The data sets of a store. The first commit of an id is the data set; later ones are ignored. */
export class Datasets {
  readonly #log: Log<Row>;

  constructor(database: Database) {
    this.#log = new Log<Row>(database, {
      name: 'datasets',
      schema: schemaOf({
        id: types.string,
        table: types.string,
        counts: types.string,
        report: types.string,
        createdAt: types.string,
      }),
      key: (row) => row.id,
    });
  }

  async find(id: string): Promise<DatasetInfo | undefined> {
    const [row] = await this.#log.read(equals({ id }));
    return row && { ...row, counts: JSON.parse(row.counts), report: JSON.parse(row.report) };
  }

  async record(info: DatasetInfo): Promise<void> {
    const { counts, report } = info;
    await this.#log.append([
      { ...info, counts: JSON.stringify(counts), report: JSON.stringify(report) },
    ]);
  }
}
