import { searchText } from '../core/shots.ts';
import type { OrdinalRange, Split, StoredExample } from '../core/types.ts';
import type { Database } from './database.ts';
import type { DatasetInfo, Datasets } from './datasets.ts';
import { StoreError } from './errors.ts';
import { ExampleWriter, readAt, readRange } from './examples.ts';
import { type Neighbour, TextSearch, VectorSearch } from './search.ts';
import { type VectorRow, Vectors } from './vectors.ts';

/** One data set: its examples, what models embedded of them, and the search for neighbours. */
export class Dataset {
  readonly id: string;
  readonly #database: Database;
  readonly #datasets: Datasets;
  readonly #texts: TextSearch;
  #info: DatasetInfo | undefined;

  constructor(database: Database, datasets: Datasets, id: string) {
    this.id = id;
    this.#database = database;
    this.#datasets = datasets;
    this.#texts = new TextSearch(database);
  }

  /** What was ingested. Throws StoreError where the ingest has not ended. */
  async info(): Promise<DatasetInfo> {
    this.#info ??= await this.#datasets.find(this.id);
    if (this.#info) return this.#info;
    throw new StoreError(`Data set ${this.id} is not in the store`, 'Ingest its files first');
  }

  /** How many examples the split has. */
  async count(split: Split): Promise<number> {
    return (await this.info()).counts[split];
  }

  /** The examples of the range, in order; a range may end beyond the split. */
  async range(split: Split, range: OrdinalRange): Promise<StoredExample[]> {
    return readRange(this.#database, (await this.info()).table, split, range);
  }

  /** The examples with these ordinals, in the order asked for. Throws RangeError for others. */
  async at(split: Split, ordinals: readonly number[]): Promise<StoredExample[]> {
    return readAt(this.#database, (await this.info()).table, split, ordinals);
  }

  /** A writer for one attempt at ingesting this data set. */
  createExamples(): ExampleWriter {
    return new ExampleWriter(this.#database, this.#datasets, this.id);
  }

  /** Stores embeddings; of an example that has one already the first stays. */
  addVectors(model: string, split: Split, rows: readonly VectorRow[]): Promise<void> {
    return new Vectors(this.#database, model, split).add(rows);
  }

  /** The embeddings of the range by ordinal, as far as they exist. */
  vectors(model: string, split: Split, range: OrdinalRange): Promise<Map<number, Float32Array>> {
    return new Vectors(this.#database, model, split).read(range);
  }

  /** The embeddings of these ordinals, as far as they exist. */
  vectorsAt(
    model: string,
    split: Split,
    ordinals: readonly number[],
  ): Promise<Map<number, Float32Array>> {
    return new Vectors(this.#database, model, split).at(ordinals);
  }

  /**
   * The ordinals of a split whose embedding lies nearer to any of the vectors than a cosine distance,
   * some of them repeatedly. Exact: it takes 1 to 1.5 ms of a core for each vector and 16,384 of the
   * split in 384 dimensions.
   */
  nearTo(
    model: string,
    split: Split,
    vectors: readonly Float32Array[],
    distance: number,
  ): AsyncIterable<Int32Array> {
    return new Vectors(this.#database, model, split).nearTo(vectors, distance);
  }

  /** Notes examples that the model cannot embed. */
  addWithoutVector(model: string, split: Split, examples: readonly StoredExample[]): Promise<void> {
    const rows = examples.map(({ ordinal, id }) => ({ ordinal, id }));
    return new Vectors(this.#database, model, split).addWithout(rows);
  }

  /** The ordinals of the range that were noted so. */
  withoutVector(model: string, split: Split, range: OrdinalRange): Promise<Set<number>> {
    return new Vectors(this.#database, model, split).without(range);
  }

  /** Compacts the embeddings of the range. For one caller at a time. */
  optimizeVectors(model: string, split: Split, range: OrdinalRange): Promise<void> {
    return new Vectors(this.#database, model, split).optimize(range);
  }

  /**
   * Makes the labelled examples searchable by text and, given a model whose vectors of them are
   * all stored, by vector (but for those that it cannot embed). Does again only what is missing.
   */
  async prepareSearch(model?: string): Promise<void> {
    const labelled = { from: 0, to: await this.count('labelled') };
    await this.#texts.prepare(async () =>
      (await this.range('labelled', labelled)).map((example) => ({
        ordinal: example.ordinal,
        text: searchText(example),
      })),
    );
    if (model === undefined) return;
    await new VectorSearch(this.#database, model).prepare(async () => {
      const vectors = await this.vectors(model, 'labelled', labelled);
      const without = await this.withoutVector(model, 'labelled', labelled);
      if (vectors.size > 0 && vectors.size + without.size >= labelled.to) return vectors;
      throw new StoreError(
        `Only ${vectors.size} of ${labelled.to} labelled examples have a vector of model ${model}`,
        'Embed the others first',
      );
    });
  }

  /** The k labelled examples of the least cosine distance to each vector, nearest first. */
  nearest(model: string, vectors: readonly Float32Array[], k: number): Promise<Neighbour[][]> {
    return new VectorSearch(this.#database, model).nearest(vectors, k);
  }

  /** The k labelled examples of the best BM25 score for each text, best first. */
  bm25(texts: readonly string[], k: number): Promise<Neighbour[][]> {
    return this.#texts.nearest(texts, k);
  }
}
