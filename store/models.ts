import type { TrainingRows } from '../core/trainingRows.ts';
import type { ModelRecord } from '../core/types.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';
import { equals } from './sql.ts';

interface RowsRow {
  name: string;
  /** As JSON. */
  rows: string;
}

/** The models of a store, each with its lineage. A name is recorded once: the first stays. */
export class Models {
  readonly #log: Log<ModelRecord>;
  readonly #rows: Log<RowsRow>;

  constructor(database: Database) {
    this.#log = new Log<ModelRecord>(database, {
      name: 'models',
      schema: schemaOf({
        name: types.string,
        run: types.string,
        round: types.int,
        role: types.string,
        endpoint: types.string,
        base: types.string,
        dataset: types.string,
        trainingFileSha256: types.string,
        trainingRows: types.int,
        jobKey: types.string,
        jobId: types.string,
        createdAt: types.string,
      }),
      key: (model) => model.name,
    });
    this.#rows = new Log<RowsRow>(database, {
      name: 'model_rows',
      schema: schemaOf({ name: types.string, rows: types.string }),
      key: ({ name }) => name,
    });
  }

  async add(model: ModelRecord): Promise<void> {
    await this.#log.append([model]);
  }

  /** Notes what the training file of a model was made of; of one name the first stays. */
  async addRows(name: string, rows: TrainingRows): Promise<void> {
    await this.#rows.append([{ name, rows: JSON.stringify(rows) }]);
  }

  /** What the training file of a model was made of; undefined of one that no run has made. */
  async rowsOf(name: string): Promise<TrainingRows | undefined> {
    const [row] = await this.#rows.read(equals({ name }));
    return row && (JSON.parse(row.rows) as TrainingRows);
  }

  async byName(name: string): Promise<ModelRecord | undefined> {
    return (await this.#log.read(equals({ name })))[0];
  }

  async byJobKey(jobKey: string): Promise<ModelRecord | undefined> {
    return (await this.#log.read(equals({ jobKey })))[0];
  }

  /** The model that one of an endpoint goes back to, if it is tuned; itself where it is not. */
  async rootOf({ endpoint, model }: { endpoint: string; model: string }): Promise<string> {
    const tuned = await this.byName(model);
    if (tuned?.endpoint !== endpoint || tuned.base === model) return model;
    return this.rootOf({ endpoint, model: tuned.base });
  }

  /** In the order they were recorded. */
  list({ run }: { run?: string } = {}): Promise<ModelRecord[]> {
    return this.#log.read(equals({ run }));
  }
}
