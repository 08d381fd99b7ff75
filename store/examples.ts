import { randomUUID } from 'node:crypto';
import { Index } from '@lancedb/lancedb';
import type { ChatMessage, OrdinalRange, Split, StoredExample } from '../core/types.ts';
import type { Additions, ExampleRef } from './additions.ts';
import { fromArrow, schemaOf, toArrow, types } from './arrow.ts';
import type { Database } from './database.ts';
import { type DatasetInfo, type Datasets, type Descent, descentOfFirst } from './datasets.ts';
import { explain, noExample } from './errors.ts';
import { all, among, equals, oneOf, within } from './sql.ts';

const PREFIX = 'examples-';
/** The table of a version with examples of others, too, by the ordinals of the chain. */
export const PACK = 'packed';

const schema = schemaOf({
  id: types.string,
  split: types.string,
  ordinal: types.int,
  question: types.string,
  /** Chat messages, as JSON. */
  'before?': types.string,
  'context?': types.string,
  'options?': types.strings,
  'answer?': types.string,
  'category?': types.string,
});

type Row = { [Column in keyof Omit<StoredExample, 'before'>]-?: StoredExample[Column] | null } & {
  before: string | null;
};

/** What a data set has come to; it begins a chain where nothing is said of its descent. */
export type Written = Pick<DatasetInfo, 'counts' | 'report'> & Partial<Descent>;

/**
 * Writes the examples of a data set into a table of its own. Only {@link commit} makes that table
 * the data set's, and only the first commit does: rows of attempts never mix.
 */
export class ExampleWriter {
  readonly #database: Database;
  readonly #datasets: Datasets;
  readonly #id: string;
  readonly #additions: Additions | undefined;
  readonly #table = PREFIX + randomUUID();

  /** @param additions of the chain that the data set is a later version of */
  constructor(database: Database, datasets: Datasets, id: string, additions?: Additions) {
    this.#database = database;
    this.#datasets = datasets;
    this.#id = id;
    this.#additions = additions;
  }

  /** Commits the rows as one fragment: append thousands at once. */
  async append(rows: readonly StoredExample[]): Promise<void> {
    try {
      const table = await this.#database.table(this.#table, schema);
      await table.add(toArrow(schema, rows.map(toRow)));
      await this.#additions?.add(this.#id, rows);
    } catch (error) {
      throw explain(error, this.#database.uri);
    }
  }

  /**
   * Makes the written examples the data set, unless another attempt was first, and drops the tables
   * of all other attempts. Returns what the data set is from now on.
   */
  async commit(result: Written): Promise<DatasetInfo> {
    const info = (await this.#datasets.find(this.#id)) ?? (await this.#record(result));
    for (const name of await this.#database.names()) {
      if (name.startsWith(PREFIX) && name !== info.table) await this.#database.drop(name);
    }
    await this.#additions?.optimize();
    return info;
  }

  /** Drops what was written: this attempt has failed. */
  discard(): Promise<void> {
    return this.#database.drop(this.#table);
  }

  async #record(result: Written): Promise<DatasetInfo> {
    const table = await this.#database.table(this.#table, schema);
    for (const column of ['ordinal', 'id'])
      await table.createIndex(column, { config: Index.btree() });
    const mine = { id: this.#id, table: this.#table, createdAt: new Date().toISOString() };
    await this.#datasets.record({ ...descentOfFirst(this.#id), ...mine, ...result });
    return (await this.#datasets.find(this.#id))!;
  }
}

/** Writes the pack of a version, in one commit; of several attempts the first stays. */
export async function writePack(
  database: Database,
  examples: readonly StoredExample[],
): Promise<void> {
  await database.tableOf(PACK, async () => toArrow(schema, examples.map(toRow)));
}

/** Where each example is, and its id, batch by batch. */
export async function* everyPlace(
  database: Database,
  name: string,
): AsyncGenerator<Pick<StoredExample, 'id' | 'split' | 'ordinal'>[]> {
  const table = await database.table(name, schema);
  for await (const batch of table.query().select(['id', 'split', 'ordinal']))
    yield fromArrow(batch);
}

/** The examples of `split` with ordinals in the range, in order. */
export async function readRange(
  database: Database,
  table: string,
  split: Split,
  range: OrdinalRange,
): Promise<StoredExample[]> {
  const rows = await read(database, table, all(equals({ split }), within(range)));
  return rows.sort((a, b) => a.ordinal - b.ordinal);
}

/** The examples of `split` with these ordinals, in the order asked for. Throws RangeError. */
export async function readAt(
  database: Database,
  table: string,
  split: Split,
  ordinals: readonly number[],
): Promise<StoredExample[]> {
  if (ordinals.length === 0) return [];
  const rows = await read(database, table, all(equals({ split }), among([...new Set(ordinals)])));
  const byOrdinal = new Map(rows.map((row) => [row.ordinal, row]));
  return ordinals.map((ordinal) => {
    const example = byOrdinal.get(ordinal);
    if (!example) throw noExample(split, ordinal);
    return example;
  });
}

type RefRow = Omit<ExampleRef, 'answer'> & { answer: string | null };

/** The examples with these ids, of any split. */
export async function readIds(
  database: Database,
  name: string,
  ids: readonly string[],
): Promise<ExampleRef[]> {
  const table = await database.table(name, schema);
  const query = table.query().where(oneOf('id', ids)).select(['id', 'split', 'ordinal', 'answer']);
  const found: ExampleRef[] = [];
  for await (const batch of query)
    for (const { answer, ...ref } of fromArrow<RefRow>(batch))
      found.push({ ...ref, ...(answer !== null && { answer }) });
  return found;
}

async function read(database: Database, name: string, where: string): Promise<StoredExample[]> {
  const table = await database.table(name, schema);
  const examples: StoredExample[] = [];
  for await (const batch of table.query().where(where)) {
    for (const row of fromArrow<Row>(batch)) examples.push(withoutNulls(row));
  }
  return examples;
}

const toRow = ({ before, ...row }: StoredExample) => ({
  ...row,
  ...(before && { before: JSON.stringify(before) }),
});

function withoutNulls({
  before,
  context,
  options,
  answer,
  category,
  ...required
}: Row): StoredExample {
  return {
    ...(required as StoredExample),
    ...(before !== null && { before: JSON.parse(before) as ChatMessage[] }),
    ...(context !== null && { context }),
    ...(options !== null && { options }),
    ...(answer !== null && { answer }),
    ...(category !== null && { category }),
  };
}
