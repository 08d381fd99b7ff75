import type { Query, Table } from '@lancedb/lancedb';
import type { Schema } from 'apache-arrow';
import { ranges } from '../core/range.ts';
import { fromArrow, toArrow } from './arrow.ts';
import type { Database } from './database.ts';
import { explain } from './errors.ts';
import { oneOf } from './sql.ts';

/** Fragments that a read takes in a few milliseconds: fewer are left as they are. */
const FRAGMENTS = 100;
/** Versions younger than this are kept: no reader holds one for so long. */
const KEEP_MS = 3_600_000;
/** Values that a query names at the most. */
const VALUES = 1_000;
/** LanceDB's name of the column of row ids. */
const ROW_ID = '_rowid';

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
 * first committed, which row ids tell (see {@link Database.table}): a compaction puts its rows after
 * those that were appended while it ran.
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

  /**
   * The rows that meet the SQL condition, one a key, in the order of their commits.
   * @param columns all when left out; else those of the key have to be among them
   */
  async read(where = '', columns?: readonly (keyof Row & string)[]): Promise<Row[]> {
    const query = (await this.#query(where))?.withRowId();
    if (!query) return [];
    if (columns) query.select([...columns]);
    const firsts = new Map<string, { id: bigint; row: Row }>();
    for await (const batch of query) {
      const ids = batch.getChild(ROW_ID)!;
      fromArrow<Row>(batch, ROW_ID).forEach((row, index) => {
        const key = this.#definition.key(row);
        const id: bigint = ids.get(index);
        const first = firsts.get(key);
        if (!first || id < first.id) firsts.set(key, { id, row });
      });
    }
    return [...firsts.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ row }) => row);
  }

  /** The rows whose column has one of the values, one a key. */
  async readAmong(column: keyof Row & string, values: readonly string[]): Promise<Row[]> {
    const found: Row[] = [];
    for (const { from, to } of ranges(values.length, VALUES))
      found.push(...(await this.read(oneOf(column, values.slice(from, to)))));
    return found;
  }

  /** All rows that meet the condition, repeated keys included, batch by batch. */
  async *every(where = '', columns?: readonly (keyof Row & string)[]): AsyncGenerator<Row[]> {
    const query = await this.#query(where);
    if (!query) return;
    if (columns) query.select([...columns]);
    for await (const batch of query) yield fromArrow<Row>(batch);
  }

  /**
   * Compacts a table of many fragments and forgets its versions older than an hour. For one caller
   * at a time.
   */
  async optimize(): Promise<void> {
    const table = await this.existing();
    if (!table || (await table.stats()).fragmentStats.numFragments <= FRAGMENTS) return;
    await table.optimize({ cleanupOlderThan: new Date(Date.now() - KEEP_MS) });
  }

  async #query(where: string): Promise<Query | undefined> {
    const query = (await this.existing())?.query();
    return where ? query?.where(where) : query;
  }

  /** The table itself, where there is one: it may hold a key repeatedly. */
  existing(): Promise<Table | undefined> {
    return this.#database.existing(this.#definition.name);
  }
}
