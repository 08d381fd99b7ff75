import type { OrdinalRange, Split } from '../core/types.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import type { DatasetVersion } from './datasets.ts';
import { noExample, StoreError } from './errors.ts';
import { safeName } from './names.ts';
import { PartitionedLog } from './partitionedLog.ts';
import { ordinalsNear } from './search.ts';
import { oneOf } from './sql.ts';

/** An example's embedding. */
export interface VectorRow {
  ordinal: number;
  id: string;
  vector: ArrayLike<number>;
}

/** An example of which no vector can be had. */
type Without = Pick<VectorRow, 'ordinal' | 'id'>;

/** A row with the version of the data set that has brought its example. */
type Of<Row> = Row & { version: string };

/**
 * The embeddings that one model made of one split of a chain of versions. All of them lie together,
 * so that reading those of many small versions takes no longer than of a large one. Chains that begin
 * with the same version share what they have in common; an ordinal stands for other examples in each
 * where they part, which the version tells.
 */
export class Vectors {
  readonly #log: PartitionedLog<Of<VectorRow>>;
  readonly #without: PartitionedLog<Of<Without>>;
  readonly #model: string;
  readonly #split: Split;
  readonly #chain: readonly DatasetVersion[];
  readonly #versions: ReadonlySet<string>;

  /**
   * @param database of the version that the chain begins with
   * @param chain the versions, in order
   */
  constructor(database: Database, model: string, split: Split, chain: readonly DatasetVersion[]) {
    this.#model = model;
    this.#split = split;
    this.#chain = chain;
    this.#versions = new Set(chain.map(({ id }) => id));
    const columns = { ordinal: types.int, id: types.string, version: types.string };
    const key = ({ version, ordinal }: Of<Without>) => `${version}/${ordinal}`;
    this.#log = new PartitionedLog<Of<VectorRow>>(database, {
      name: `vectors-${split}-${safeName(model)}`,
      schema: ({ vector }) => schemaOf({ ...columns, vector: types.vector(vector.length) }),
      key,
    });
    this.#without = new PartitionedLog<Of<Without>>(database, {
      name: `without_vector-${split}-${safeName(model)}`,
      schema: schemaOf(columns),
      key,
    });
  }

  /** Notes examples that the model cannot embed, so that it is not asked again. */
  addWithout(rows: readonly Without[]): Promise<void> {
    return this.#without.append(rows.map(this.#of));
  }

  /** The ordinals of the range that were noted so. */
  async without(range: OrdinalRange): Promise<Set<number>> {
    const rows = await this.#without.read(range);
    return new Set(rows.filter(this.#isOwn).map(({ ordinal }) => ordinal));
  }

  /** Throws StoreError for a vector of another length than the first example's. */
  async add(rows: readonly VectorRow[]): Promise<void> {
    const [known = rows[0]] = await this.#log.read({ from: 0, to: 1 });
    const odd = rows.find(({ vector }) => vector.length !== known?.vector.length);
    if (odd) {
      throw new StoreError(
        `Model ${this.#model} gave a vector of ${odd.vector.length} numbers where it gave ${known?.vector.length} before`,
        'Give the other model another name',
      );
    }
    await this.#log.append(rows.map(this.#of));
  }

  /** The vectors of the range by ordinal; missing ones are not in the map. */
  async read(range: OrdinalRange): Promise<Map<number, Float32Array>> {
    return this.#byOrdinal(await this.#log.read(range));
  }

  /** The vectors of these ordinals; missing ones are not in the map. */
  async at(ordinals: readonly number[]): Promise<Map<number, Float32Array>> {
    return this.#byOrdinal(await this.#log.at(ordinals));
  }

  /** The ordinals of what lies nearer to any of the vectors than a cosine distance; some repeatedly. */
  async *nearTo(vectors: readonly Float32Array[], distance: number): AsyncGenerator<Int32Array> {
    const own = oneOf('version', [...this.#versions]);
    for await (const table of this.#log.tables())
      yield* ordinalsNear(table, vectors, distance, own);
  }

  /** Compacts what there is of the range. For one caller at a time. */
  optimize(range: OrdinalRange): Promise<void> {
    return this.#log.optimize(range);
  }

  /** Throws RangeError where no version has brought it. */
  readonly #of = <Row extends Without>(row: Row): Of<Row> => {
    const version = this.#chain.find(({ counts }) => row.ordinal < counts[this.#split]);
    if (!version) throw noExample(this.#split, row.ordinal);
    return { ...row, version: version.id };
  };

  readonly #isOwn = ({ version }: Of<Without>) => this.#versions.has(version);

  #byOrdinal(rows: readonly Of<VectorRow>[]): Map<number, Float32Array> {
    return new Map(
      rows.filter(this.#isOwn).map(({ ordinal, vector }) => [ordinal, vector as Float32Array]),
    );
  }
}
