import type { Table } from '@lancedb/lancedb';
import type { OrdinalRange } from '../core/types.ts';
import type { Database } from './database.ts';
import { Log, type LogDefinition } from './log.ts';
import { all, among, within } from './sql.ts';

/**
 * Ordinals a partition holds. What a read, an append and a compaction cost follows from the size of
 * a partition, never from that of the pool: LanceDB compacts a table whole, and each of its reads
 * and commits costs more with every fragment that is not compacted yet.
 */
const PARTITION = 16_384;
/** Ordinals a step of {@link PartitionedLog.scan}; divides a partition. Bounds the memory of a scan. */
const SCAN_STEP = 2_048;

/** A {@link Log} of rows with an ordinal, as one table for each 16,384 ordinals. */
export class PartitionedLog<Row extends { ordinal: number }> {
  readonly #database: Database;
  readonly #definition: LogDefinition<Row>;

  constructor(database: Database, definition: LogDefinition<Row>) {
    this.#database = database;
    this.#definition = definition;
  }

  /** Commits the rows as one fragment for each partition they fall into. */
  async append(rows: readonly Row[]): Promise<void> {
    const parts = Map.groupBy(rows, ({ ordinal }) => partitionOf(ordinal));
    await Promise.all(Array.from(parts, ([index, part]) => this.#partition(index).append(part)));
  }

  /** The rows of the range that meet the SQL condition, one a key, in the order of their commits. */
  async read(range: OrdinalRange, where = ''): Promise<Row[]> {
    const parts: Row[][] = [];
    for (const index of await this.#within(range))
      parts.push(await this.#partition(index).read(all(where, within(range))));
    return parts.flat();
  }

  /** The rows with these ordinals, one a key, in the order of their commits. */
  async at(ordinals: readonly number[]): Promise<Row[]> {
    const parts = Map.groupBy(ordinals, partitionOf);
    const rows = Array.from(parts, ([index, part]) => this.#partition(index).read(among(part)));
    return (await Promise.all(rows)).flat();
  }

  /** The tables of the partitions that exist, in order; they may hold keys repeatedly. */
  async *tables(): AsyncGenerator<Table> {
    for (const index of await this.#partitions()) yield (await this.#partition(index).existing())!;
  }

  /** All rows that meet the condition, repeated keys included, batch by batch. */
  async *every(where = '', columns?: readonly (keyof Row & string)[]): AsyncGenerator<Row[]> {
    for (const index of await this.#partitions())
      yield* this.#partition(index).every(where, columns);
  }

  /** As {@link read}, of all ordinals and ordered by them, in batches of bounded size. */
  async *scan(where = '', columns?: readonly (keyof Row & string)[]): AsyncGenerator<Row[]> {
    for (const index of await this.#partitions()) {
      const end = (index + 1) * PARTITION;
      for (let from = index * PARTITION; from < end; from += SCAN_STEP) {
        const step = within({ from, to: from + SCAN_STEP });
        const rows = await this.#partition(index).read(all(where, step), columns);
        if (rows.length > 0) yield rows.sort((a, b) => a.ordinal - b.ordinal);
      }
    }
  }

  /** Compacts the partitions of the range. For one caller at a time. */
  async optimize(range: OrdinalRange): Promise<void> {
    for (const index of await this.#within(range)) await this.#partition(index).optimize();
  }

  /** Drops all of it. */
  async drop(): Promise<void> {
    for (const index of await this.#partitions()) await this.#database.drop(this.#prefix + index);
  }

  #partition(index: number): Log<Row> {
    return new Log(this.#database, { ...this.#definition, name: this.#prefix + index });
  }

  get #prefix(): string {
    return `${this.#definition.name}.`;
  }

  /** The partitions that exist, in order. */
  async #partitions(): Promise<number[]> {
    return (await this.#database.names())
      .filter((name) => name.startsWith(this.#prefix))
      .map((name) => Number(name.slice(this.#prefix.length)))
      .sort((a, b) => a - b);
  }

  /** The partitions that hold the range; of an open-ended one only those that exist. */
  async #within({ from, to }: OrdinalRange): Promise<number[]> {
    if (to <= from) return [];
    const [first, last] = [partitionOf(from), partitionOf(to - 1)];
    if (last === first) return [first];
    return (await this.#partitions()).filter((index) => first <= index && index <= last);
  }
}

const partitionOf = (ordinal: number) => Math.floor(ordinal / PARTITION);
