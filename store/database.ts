import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, connect, type Session, type Table } from '@lancedb/lancedb';
import { Table as ArrowTable, Schema } from 'apache-arrow';
import { isUrl } from '../core/url.ts';
import { schemaOf, types } from './arrow.ts';
import { damaged, explain, explained } from './errors.ts';

/** Where a store is, and what its databases share. */
export interface Location {
  uri: string;
  storageOptions?: Record<string, string> | undefined;
  session: Session;
}

/** Makes a table of the name that is given. */
type Maker = (connection: Connection, holder: string) => Promise<Table>;

/** Row ids that rise with every commit and outlive compaction. */
const STABLE_ROW_IDS = { new_table_enable_stable_row_ids: 'true' };
/** Tables kept open at the same time, each with half a megabyte: a large pool has hundreds. */
const MOST_OPEN = 32;
/** Says in the schema of what bears a name which table holds the rows. */
const HELD_BY = 'heldBy';

/**
 * One LanceDB database (a folder or a prefix of a bucket). Tables are opened once and made where
 * they are missing; several processes may do so at the same time and all get the same table.
 * Every read sees what other processes have committed before it. What tables fail with is
 * explained, with their place (see {@link explain}).
 *
 * LanceDB does not make tables atomically: of two that make one at the same time the slower may
 * replace what the quicker has already written to. Only a clone fails where there is a table. So the
 * rows are in a table that its maker alone knows, and the clone of it, made while it is empty or
 * never written to again, gives it the name: whose clone is the first, whose table it is.
 */
export class Database {
  readonly uri: string;
  readonly #connection: Promise<Connection>;
  readonly #tables = new Map<string, Table>();
  readonly #making = new Map<string, Promise<void>>();

  constructor({ uri, storageOptions, session }: Location) {
    this.uri = uri;
    this.#connection = connect({
      uri,
      session,
      readConsistencyInterval: 0,
      ...(storageOptions && { storageOptions }),
    });
    this.#connection.catch(() => {}); // reported by the first use
  }

  /** The table of this name; made empty where it does not exist. Its row ids rise with every commit. */
  table(name: string, schema: Schema): Promise<Table> {
    return this.#made(name, (connection, holder) =>
      connection.createEmptyTable(holder, withHolder(schema, holder), {
        storageOptions: STABLE_ROW_IDS,
      }),
    );
  }

  /** The table of this name; made of `data`, in one commit, where it does not exist. */
  tableOf(name: string, data: () => Promise<ArrowTable>): Promise<Table> {
    return this.#made(name, async (connection, holder) => {
      const { schema, batches } = await data();
      return connection.createTable(holder, new ArrowTable(withHolder(schema, holder), batches));
    });
  }

  /** The table of this name, where it exists. One that is just being made does not, yet. */
  async existing(name: string): Promise<Table | undefined> {
    const found = this.#tables.get(name) ?? (await this.#find(name));
    if (found) this.#keep(name, found);
    return found;
  }

  /** Makes a table and drops it. Fails where tables cannot be read or written. */
  async probe(): Promise<void> {
    const name = `probe-${randomUUID()}`;
    try {
      const connection = await this.#connection;
      await connection.createEmptyTable(name, schemaOf({ ordinal: types.int }));
      await connection.dropTable(name);
    } catch (error) {
      throw explain(error, this.uri);
    }
  }

  /** The names of all tables. */
  async names(): Promise<string[]> {
    return (await this.#list()).filter((name) => !isHolder(name));
  }

  /** Drops the table; it is no error when another process was quicker. */
  async drop(name: string): Promise<void> {
    // One that cannot be opened is dropped all the same: another process may be at it just now.
    const holder = await this.#holderOf(name).catch(() => undefined);
    this.#tables.delete(name);
    await this.#remove(name);
    if (holder !== undefined) await this.#remove(holder);
  }

  close(): void {
    for (const table of this.#tables.values()) table.close();
    this.#connection.then((open) => open.close()).catch(() => {});
  }

  /** Keeps a table open, the least recently used one making place for it. */
  #keep(name: string, table: Table): void {
    this.#tables.delete(name);
    this.#tables.set(name, table);
    const [oldest] = this.#tables.keys();
    if (this.#tables.size > MOST_OPEN) this.#tables.delete(oldest!); // its users may still hold it
  }

  async #made(name: string, make: Maker): Promise<Table> {
    for (;;) {
      const found = await this.existing(name);
      if (found) return found;
      const making =
        this.#making.get(name) ?? this.#make(name, make).finally(() => this.#making.delete(name));
      this.#making.set(name, making);
      await making;
    }
  }

  /** Makes a table and gives it the name, unless another process has given it away meanwhile. */
  async #make(name: string, make: Maker): Promise<void> {
    const holder = holderFor(name);
    try {
      const connection = await this.#connection;
      (await make(connection, holder)).close();
      const claim = connection.cloneTable(name, this.#placeOf(holder));
      // On object storage LanceDB may report a failure after the clone was made.
      const failure = await claim.then(
        (table) => table.close(),
        (error: unknown) => error,
      );
      const winner = await this.#holderOf(name);
      if (winner === undefined) throw failure;
      if (winner !== holder) await this.#remove(holder);
    } catch (error) {
      throw explain(error, this.#placeOf(name));
    }
  }

  async #find(name: string): Promise<Table | undefined> {
    const holder = await this.#holderOf(name);
    if (holder === undefined) return undefined;
    const table = await this.#open(holder);
    if (!table) throw damaged(this.#placeOf(holder));
    return explained(table, this.#placeOf(holder));
  }

  /** The table that holds the rows of the one of this name. */
  async #holderOf(name: string): Promise<string | undefined> {
    const bearer = await this.#open(name);
    if (!bearer) return undefined;
    const { metadata } = await bearer.schema();
    bearer.close();
    return metadata.get(HELD_BY);
  }

  /** Opens a table; one that has lost what was committed to it is refused. */
  async #open(name: string): Promise<Table | undefined> {
    const place = this.#placeOf(name);
    // Noted before it is opened: other processes go on writing.
    const noted = isUrl(this.uri) ? 0 : await notedVersion(place);
    try {
      const connection = await this.#connection;
      const table = await connection.openTable(name).catch(unlessMissing);
      if (noted > 0 && noted > ((await table?.version()) ?? 0)) throw damaged(place);
      return table;
    } catch (error) {
      throw explain(error, place);
    }
  }

  /** Two processes that delete the same files get in each other's way: it is tried again. */
  async #remove(name: string, tries = 3): Promise<void> {
    try {
      await (await this.#connection).dropTable(name);
    } catch (error) {
      if (!(await this.#list()).includes(name)) return;
      if (tries === 1) throw explain(error, this.#placeOf(name));
      await this.#remove(name, tries - 1);
    }
  }

  async #list(): Promise<string[]> {
    try {
      const connection = await this.#connection;
      const names: string[] = [];
      let pageToken: string | undefined;
      do {
        const page = await connection.listTables(pageToken ? { pageToken } : {});
        names.push(...page.tables);
        pageToken = page.pageToken;
      } while (pageToken);
      return names;
    } catch (error) {
      throw explain(error, this.uri);
    }
  }

  #placeOf(name: string): string {
    return `${this.uri}/${name}.lance`;
  }
}

/**
 * The version that LanceDB has noted as the newest of a table in a folder, 0 where there is none. It
 * is only a hint to LanceDB: a table without its newest manifests opens as it was before them, and
 * one without any counts as missing. It is not kept for object storage, which loses no objects.
 */
async function notedVersion(folder: string): Promise<number> {
  try {
    const hint = await readFile(join(folder, '_versions', 'latest_version_hint.json'), 'utf8');
    return JSON.parse(hint).version;
  } catch {
    return 0;
  }
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof Error && /^Table '.*' was not found/.test(error.message))) throw error;
}

const holderFor = (name: string) => `${name}.held-${randomUUID()}`;
const isHolder = (name: string) => /\.held-[\da-f-]{36}$/.test(name);

function withHolder(schema: Schema, holder: string): Schema {
  return new Schema(schema.fields, new Map([[HELD_BY, holder]]));
}
