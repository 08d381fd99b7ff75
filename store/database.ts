import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, connect, type Session, type Table } from '@lancedb/lancedb';
import type { Table as ArrowTable, Schema } from 'apache-arrow';
import { schemaOf, types } from './arrow.ts';
import { damaged, explain, explained } from './errors.ts';

/** Where a store is, and what its databases share. */
export interface Location {
  uri: string;
  storageOptions?: Record<string, string> | undefined;
  session: Session;
}

/**
 * One LanceDB database (a folder or a prefix of a bucket). Tables are opened once and made where
 * they are missing; several processes may do so at the same time and all get the same table.
 * Every read sees what other processes have committed before it. What tables fail with is
 * explained, with their place (see {@link explain}).
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

  /** The table of this name, where it exists. One that is just being made does not, yet. */
  async existing(name: string): Promise<Table | undefined> {
    const known = this.#tables.get(name);
    if (known) return known;
    try {
      // Remembered only if it is there: who makes it meanwhile must not be told that it is missing.
      const table = await this.#explained(name, (connection) => connection.openTable(name));
      if (!this.#tables.has(name)) this.#tables.set(name, Promise.resolve(table));
      return table;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
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

  /** Drops the table; it is no error when another process was quicker. */
  async drop(name: string): Promise<void> {
    this.#tables.delete(name);
    try {
      await (await this.#connection).dropTable(name);
    } catch (error) {
      if ((await this.names()).includes(name)) throw explain(error, this.#placeOf(name));
    }
  }

  close(): void {
    for (const table of this.#tables.values()) table.then((open) => open.close()).catch(() => {});
    this.#connection.then((open) => open.close()).catch(() => {});
  }

  #open(name: string, make: (connection: Connection) => Promise<Table>): Promise<Table> {
    const known = this.#tables.get(name);
    if (known) return known;
    const table = this.#explained(name, make);
    this.#tables.set(name, table);
    table.catch(() => this.#tables.delete(name)); // the next call tries again
    return table;
  }

  async #explained(name: string, make: (connection: Connection) => Promise<Table>): Promise<Table> {
    const place = this.#placeOf(name);
    try {
      return explained(await this.#whole(name, make), place);
    } catch (error) {
      throw explain(error, place);
    }
  }

  /** Opens the table, or makes it; one that has lost what was committed to it is refused. */
  async #whole(name: string, make: (connection: Connection) => Promise<Table>): Promise<Table> {
    const place = this.#placeOf(name);
    // Noted before it is opened: other processes go on writing.
    const noted = isFolder(this.uri) ? await notedVersion(place) : 0;
    const connection = await this.#connection;
    if (noted === 0) return make(connection);
    const table = await connection.openTable(name).catch((error) => {
      throw isMissing(error) ? damaged(place) : error;
    });
    if ((await table.version()) < noted) throw damaged(place);
    return table;
  }

  #placeOf(name: string): string {
    return `${this.uri}/${name}.lance`;
  }
}

/** Whether it is the path of a folder, not the address of object storage. */
export function isFolder(uri: string): boolean {
  return !/^[a-z][a-z0-9+.-]+:\/\//i.test(uri);
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

const isMissing = (error: unknown) =>
  error instanceof Error && /^Table '.*' was not found/.test(error.message);
