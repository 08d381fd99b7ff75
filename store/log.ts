import { Index, type Table } from '@lancedb/lancedb';
import type { Schema } from 'apache-arrow';
import type { OrdinalRange } from '../core/types.ts';
import { fromArrow, toArrow } from './arrow.ts';
import type { Database } from './database.ts';
import { explain } from './errors.ts';
import { all, within } from './sql.ts';

/** Ordinals a step of {@link Log.scan}: bounds the memory of a scan, whatever the table's size. */
const scanStep = 2_048;
/** Below this a scan of the ordinals is as quick as an index on them. */
const indexFrom = 100_000;

export interface LogDefinition<Row> {
  name: string;
  /** The columns; a function where they follow from the rows (as a vector's length does). */
  schema: Schema | ((first: Row) => Schema);
  /** The identity of a row. Of rows with one key the first committed counts, for every reader. */
  key: (row: Row) => string;
}

/**
 * An append-only table that any number of processes write at the same time. Appends of LanceDB
 * never conflict with one another, unlike its merges and updates, so a key is not unique in the
 * table: a retried or abandoned attempt may have written it too. Reads give one row a key, the
 * first committed. They rely on LanceDB reading fragments in the order of their commits, which
 * compaction keeps.
 */
export class Log<Row extends object> {
  readonly #database: Database;
  readonly #definition: LogDefinition<Row>;

  constructor(database: Database, definition: LogDefinition<Row>) {
    this.#database = database;
    this.#definition = definition;
  }

  /** Commits the rows as one fragment: append many at once. */
  async append(rows: readonly Row[]): Promise<void> {
    const [first] = rows;
    if (!first) return;
    const { name, schema } = this.#definition;
    const columns = typeof schema === 'function' ? schema(first) : schema;
    try {
      const table = await this.#database.table(name, columns);
      await table.add(toArrow(columns, rows));
    } catch (error) {
      throw explain(error, this.#database.uri);
    }
  }

  /** The rows that meet the SQL condition, one a key, in the order of their commits. */
  async read(where = ''): Promise<Row[]> {
    const rows = new Map<string, Row>();
    for await (const batch of this.every(where)) {
      for (const row of batch) {
        const key = this.#definition.key(row);
        if (!rows.has(key)) rows.set(key, row);
      }
    }
    return [...rows.values()];
  }

  /** All rows that meet the condition, repeated keys included, batch by batch. */
  async *every(where = '', columns?: (keyof Row & string)[]): AsyncGenerator<Row[]> {
    const query = (await this.#existing())?.query();
    if (!query) return;
    if (where) query.where(where);
    if (columns) query.select(columns);
    for await (const batch of query) yield fromArrow<Row>(batch);
  }

  /** As {@link read}, ordered by ordinal, in batches: memory does not grow with the table. */
  async *scan(where = ''): AsyncGenerator<Row[]> {
    const query = (await this.#existing())?.query();
    if (!query) return;
    if (where) query.where(where);
    const [last] = await query
      .select(['ordinal'])
      .orderBy({ columnName: 'ordinal', ascending: false })
      .limit(1)
      .toArray();
    const end = last ? Number(last.ordinal) + 1 : 0;
    for (let from = 0; from < end; from += scanStep) {
      const range: OrdinalRange = { from, to: Math.min(from + scanStep, end) };
      const rows = await this.read(all(where, within(range)));
      if (rows.length > 0) yield rows.sort((a, b) => ordinalOf(a) - ordinalOf(b));
    }
  }

  /**
   * Compacts the table, forgets versions older than an hour (no reader holds one that long) and
   * keeps an index on the ordinals of a large one. For one caller at a time.
   */
  async optimize(): Promise<void> {
    const table = await this.#existing();
    if (!table) return;
    await table.optimize({ cleanupOlderThan: new Date(Date.now() - 3_600_000) });
    const { fields } = await table.schema();
    if (fields.some(({ name }) => name === 'ordinal') && (await table.countRows()) >= indexFrom)
      await indexOrdinals(table);
  }

  #existing(): Promise<Table | undefined> {
    return this.#database.existing(this.#definition.name);
  }
}

/** Rows of a table that is scanned have one. */
const ordinalOf = (row: object) => (row as { ordinal: number }).ordinal;

/** Makes the BTREE index on `ordinal`, unless the table has it: ranges then cost milliseconds. */
export async function indexOrdinals(table: Table): Promise<void> {
  const indices = await table.listIndices();
  if (indices.some(({ columns }) => columns.includes('ordinal'))) return;
  await table.createIndex('ordinal', { config: Index.btree() });
}
