import { type Connection, connect, type Session, type Table } from '@lancedb/lancedb';
import type { Table as ArrowTable, Schema } from 'apache-arrow';
import { explain } from './errors.ts';

/** Where a store is, and what its databases share. */
export interface Location {
  uri: string;
  storageOptions?: Record<string, string> | undefined;
  session: Session;
}

/**
 * One LanceDB database (a folder or a prefix of a bucket). Tables are opened once and made where
 * they are missing; several processes may do so at the same time and all get the same table.
 * Every read sees what other processes have committed before it.
 */
export class Database {
  readonly uri: string;
  readonly #connection: Promise<Connection>;
  readonly #tables = new Map<string, Promise<Table>>();

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

  /** The table of this name; made empty where it does not exist. */
  table(name: string, schema: Schema): Promise<Table> {
    return this.#open(name, (connection) =>
      connection.createEmptyTable(name, schema, { mode: 'create', existOk: true }),
    );
  }

  /** The table of this name, where it exists. */
  async existing(name: string): Promise<Table | undefined> {
    if (!this.#tables.has(name) && !(await this.names()).includes(name)) return undefined;
    return this.#open(name, (connection) => connection.openTable(name));
  }

  /** The table of this name; made of `data`, in one commit, where it does not exist. */
  async tableOf(name: string, data: () => Promise<ArrowTable>): Promise<Table> {
    return (
      (await this.existing(name)) ??
      this.#open(name, async (connection) =>
        connection.createTable(name, await data(), { mode: 'create', existOk: true }),
      )
    );
  }

  /** The names of all tables. */
  async names(): Promise<string[]> {
    const connection = await this.#connection;
    const names: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await connection.listTables(pageToken ? { pageToken } : {});
      names.push(...page.tables);
      pageToken = page.pageToken;
    } while (pageToken);
    return names;
  }

  /** Drops the table; it is no error when another process was quicker. */
  async drop(name: string): Promise<void> {
    this.#tables.delete(name);
    try {
      await (await this.#connection).dropTable(name);
    } catch (error) {
      if ((await this.names()).includes(name)) throw error;
    }
  }

  close(): void {
    for (const table of this.#tables.values()) table.then((open) => open.close()).catch(() => {});
    this.#connection.then((open) => open.close()).catch(() => {});
  }

  #open(name: string, make: (connection: Connection) => Promise<Table>): Promise<Table> {
    const known = this.#tables.get(name);
    if (known) return known;
    const table = this.#connection.then(make).catch((error) => {
      this.#tables.delete(name); // the next call tries again
      throw explain(error, this.uri);
    });
    this.#tables.set(name, table);
    return table;
  }
}
