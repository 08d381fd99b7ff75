import type { OrdinalRange, Split } from '../core/types.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { StoreError } from './errors.ts';
import { safeName } from './names.ts';
import { PartitionedLog } from './partitionedLog.ts';
import { ordinalsNear } from './search.ts';

/** An example's embedding. */
export interface VectorRow {
  ordinal: number;
  id: string;
  vector: ArrayLike<number>;
}

/** An example of which no vector can be had. */
type Without = Pick<VectorRow, 'ordinal' | 'id'>;

/** The embeddings that one model made of one split. */
export class Vectors {
  readonly #log: PartitionedLog<VectorRow>;
  readonly #without: PartitionedLog<Without>;
  readonly #model: string;

  constructor(database: Database, model: string, split: Split) {
    this.#model = model;
    this.#log = new PartitionedLog<VectorRow>(database, {
      name: `vectors-${split}-${safeName(model)}`,
      schema: ({ vector }) =>
        schemaOf({ ordinal: types.int, id: types.string, vector: types.vector(vector.length) }),
      key: (row) => String(row.ordinal),
    });
    this.#without = new PartitionedLog<Without>(database, {
      name: `without_vector-${split}-${safeName(model)}`,
      schema: schemaOf({ ordinal: types.int, id: types.string }),
      key: (row) => String(row.ordinal),
    });
  }

  /** Notes examples that the model cannot embed, so that it is not asked again. */
  addWithout(rows: readonly Without[]): Promise<void> {
    return this.#without.append(rows);
  }

  /** The ordinals of the range that were noted so. */
  async without(range: OrdinalRange): Promise<Set<number>> {
    return new Set((await this.#without.read(range)).map(({ ordinal }) => ordinal));
  }

  /** How many numbers a vector has; undefined where that of the first example is not there. */
  async length(): Promise<number | undefined> {
    const [known] = await this.#log.read({ from: 0, to: 1 });
    return known?.vector.length;
  }

  /** @param length of each vector; that of the first is the measure where it is left out */
  async add(rows: readonly VectorRow[], length = rows[0]?.vector.length): Promise<void> {
    const odd = rows.find(({ vector }) => vector.length !== length);
    if (odd) {
      throw new StoreError(
        `Model ${this.#model} gave a vector of ${odd.vector.length} numbers where it gave ${length} before`,
        'Give the other model another name',
      );
    }
    await this.#log.append(rows);
  }

  /** The vectors of the range by ordinal; missing ones are not in the map. */
  async read(range: OrdinalRange): Promise<Map<number, Float32Array>> {
    const rows = await this.#log.read(range);
    return new Map(rows.map(({ ordinal, vector }) => [ordinal, vector as Float32Array]));
  }

  /** The vectors of these ordinals; missing ones are not in the map. */
  async at(ordinals: readonly number[]): Promise<Map<number, Float32Array>> {
    const rows = await this.#log.at(ordinals);
    return new Map(rows.map(({ ordinal, vector }) => [ordinal, vector as Float32Array]));
  }

  /** The ordinals of what lies nearer to any of the vectors than a cosine distance; some repeatedly. */
  async *nearTo(vectors: readonly Float32Array[], distance: number): AsyncGenerator<Int32Array> {
    for await (const table of this.#log.tables()) yield* ordinalsNear(table, vectors, distance);
  }

  /** Compacts what there is of the range. For one caller at a time. */
  optimize(range: OrdinalRange): Promise<void> {
    return this.#log.optimize(range);
  }
}
