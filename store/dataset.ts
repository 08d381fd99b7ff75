import { ranges } from '../core/range.ts';
import { searchText } from '../core/shots.ts';
import type { OrdinalRange, Split, StoredExample } from '../core/types.ts';
import { Additions, type ExampleRef } from './additions.ts';
import type { Database } from './database.ts';
import type { DatasetInfo, Datasets, DatasetVersion } from './datasets.ts';
import { noExample, StoreError } from './errors.ts';
import {
  ExampleWriter,
  everyPlace,
  PACK,
  readAt,
  readIds,
  readRange,
  writePack,
} from './examples.ts';
import { Packs, packable } from './packs.ts';
import { type Neighbour, TextSearch, VectorSearch } from './search.ts';
import {
  placeOf,
  readStruck,
  readStruckIds,
  type Struck,
  type StruckReason,
  writeStruck,
} from './struck.ts';
import { type VectorRow, Vectors } from './vectors.ts';

/** Examples that a scan reads at once. */
const PAGE = 2_048;

/** Some of a split, in a table. */
interface Part {
  database: Database;
  table: string;
  /** The ordinals that it has in the chain. */
  from: number;
  to: number;
  /** The one in the chain that is 0 there. */
  zero: number;
}

/** A table with the examples of one version, or of several that follow one another. */
interface ExampleTable {
  database: Database;
  name: string;
  /** The version that it is in, and the number of the first whose examples it has. */
  version: DatasetVersion;
  since: DatasetVersion;
  isPack: boolean;
}

/** An example of the data set that has an id, struck out or not. */
export interface Known extends ExampleRef {
  /** The number of the version that has brought it. */
  segment: number;
  /** Why it is struck out; null where it is not. */
  struck: StruckReason | null;
}

/**
 * One version of a data set: the examples of its chain, what models embedded of them, and the search
 * for neighbours. Each version keeps what it has brought; here the ordinals of a split are dense over
 * all of them, so that an example keeps its own in all versions that come after.
 */
export class Dataset {
  readonly id: string;
  readonly #databaseOf: (version: string) => Database;
  readonly #datasets: Datasets;
  #chain: Promise<DatasetVersion[]> | undefined;
  #tables: Promise<ExampleTable[]> | undefined;

  constructor(databaseOf: (version: string) => Database, datasets: Datasets, id: string) {
    this.id = id;
    this.#databaseOf = databaseOf;
    this.#datasets = datasets;
  }

  /** What was ingested, and what came with this version. Throws StoreError where it has not ended. */
  async info(): Promise<DatasetInfo> {
    const info = await this.#datasets.find(this.id);
    if (info) return info;
    throw this.#unknown();
  }

  /** The versions from the first of its chain to this one. Throws StoreError where it has not ended. */
  async versions(): Promise<DatasetVersion[]> {
    this.#chain ??= this.#datasets.chain(this.id);
    const chain = await this.#chain;
    if (chain.length > 0) return chain;
    this.#chain = undefined;
    throw this.#unknown();
  }

  /** The bound of the ordinals of a split, struck-out ones among them. */
  async count(split: Split): Promise<number> {
    return (await this.#last()).counts[split];
  }

  /** How many examples of a split count: those that are not struck out. */
  async live(split: Split): Promise<number> {
    const { counts, struck } = await this.#last();
    return counts[split] - struck[split];
  }

  /** The examples of the range that are not struck out, in order; a range may end beyond the split. */
  async range(split: Split, range: OrdinalRange): Promise<StoredExample[]> {
    const struck = new Set((await this.struck(split, range)).map(({ ordinal }) => ordinal));
    const found = await this.#inRange(split, range);
    return struck.size === 0 ? found : found.filter(({ ordinal }) => !struck.has(ordinal));
  }

  /** The examples of the range, struck out or not, in order. */
  async #inRange(split: Split, range: OrdinalRange): Promise<StoredExample[]> {
    const found: StoredExample[] = [];
    for (const part of inside(range, await this.#parts(split)))
      for (const example of await readRange(part.database, part.table, split, local(range, part)))
        found.push({ ...example, ordinal: example.ordinal + part.zero });
    return found;
  }

  /** All examples of a split that are not struck out, in order, a page of them in memory at a time. */
  async *scan(split: Split): AsyncGenerator<StoredExample> {
    for (const range of ranges(await this.count(split), PAGE))
      yield* await this.range(split, range);
  }

  /**
   * The examples with these ordinals, in the order asked for, struck out or not. Throws RangeError for
   * others.
   */
  async at(split: Split, ordinals: readonly number[]): Promise<StoredExample[]> {
    const found = new Map<number, StoredExample>();
    for (const [part, some] of among(split, ordinals, await this.#parts(split)))
      for (const example of await readAt(part.database, part.table, split, some)) {
        const ordinal = example.ordinal + part.zero;
        found.set(ordinal, { ...example, ordinal });
      }
    return ordinals.map((ordinal) => found.get(ordinal)!);
  }

  /** What is struck out of a range of a split. */
  async struck(split: Split, range: OrdinalRange): Promise<Struck[]> {
    const { struck, struckIn } = await this.#last();
    if (struck[split] === 0) return [];
    return readStruck(this.#databaseOf(struckIn!), split, range);
  }

  /** All that is struck out, of every split. */
  async allStruck(): Promise<Struck[]> {
    const { struckIn } = await this.#last();
    return struckIn === null ? [] : readStruck(this.#databaseOf(struckIn));
  }

  /** What there is of each of these ids, in any split; of those that there is nothing of, nothing. */
  async lookUp(ids: readonly string[]): Promise<Map<string, Known[]>> {
    const known = new Map<string, Known[]>();
    if (ids.length === 0) return known;
    const { struckIn } = await this.#last();
    const struck = new Map<string, StruckReason>();
    if (struckIn !== null)
      for (const one of await readStruckIds(this.#databaseOf(struckIn), ids))
        struck.set(placeOf(one), one.reason);
    const versions = new Map((await this.versions()).map((version) => [version.id, version]));
    const [first] = versions.values();
    const { id: version, table } = first!;
    const began = await readIds(this.#databaseOf(version), table, ids);
    const added = versions.size > 1 ? await this.#additions(version).find(ids) : [];
    for (const { version: of, ...own } of [
      ...began.map((row) => ({ ...row, version })),
      ...added,
    ]) {
      const brought = versions.get(of);
      if (!brought) continue;
      const ordinal = own.ordinal + brought.offsets[own.split];
      const reason = struck.get(placeOf({ ...own, ordinal })) ?? null;
      const one = { ...own, ordinal, segment: brought.segment, struck: reason };
      known.set(own.id, [...(known.get(own.id) ?? []), one]);
    }
    return known;
  }

  /** The ids of what a segment has brought, struck out or not, batch by batch. Throws RangeError. */
  async *idsOf(segment: number): AsyncGenerator<string[]> {
    const version = (await this.versions())[segment];
    if (!version) throw new RangeError(`Data set ${this.id} has no segment ${segment}`);
    for await (const some of everyPlace(this.#databaseOf(version.id), version.table))
      yield some.map(({ id }) => id);
  }

  /** A writer for one attempt at ingesting this version. @param root of its chain; itself when left out */
  createExamples(root = this.id): ExampleWriter {
    const additions = root === this.id ? undefined : this.#additions(root);
    return new ExampleWriter(this.#databaseOf(this.id), this.#datasets, this.id, additions);
  }

  /**
   * Copies the small segments before this one, which has been committed, into one table with it. Done
   * again where it was broken off, it makes the same; where it is never done, reading takes longer.
   */
  async pack(): Promise<void> {
    const [first, ...tables] = await this.#exampleTables();
    const count = packable(tables.map(sizeOf));
    if (count === 0) return;
    const { since } = tables.at(-count - 1)!;
    const { counts } = await this.#last();
    const examples: StoredExample[] = [];
    for (const split of SPLITS)
      examples.push(
        ...(await this.#inRange(split, { from: since.offsets[split], to: counts[split] })),
      );
    await writePack(this.#databaseOf(this.id), examples);
    await this.#packs(first!.version.id).add({ version: this.id, since: since.segment });
    this.#tables = undefined;
  }

  /** Lists all that is struck out as of this version. Before it is committed, as the examples are. */
  writeStruck(rows: readonly Struck[]): Promise<void> {
    return writeStruck(this.#databaseOf(this.id), rows);
  }

  /** Stores embeddings; of an example that has one already the first stays. */
  async addVectors(model: string, split: Split, rows: readonly VectorRow[]): Promise<void> {
    await (await this.#vectors(model, split)).add(rows);
  }

  /** The embeddings of the range by ordinal, as far as they exist. */
  async vectors(
    model: string,
    split: Split,
    range: OrdinalRange,
  ): Promise<Map<number, Float32Array>> {
    return (await this.#vectors(model, split)).read(range);
  }

  /** The embeddings of these ordinals, as far as they exist. */
  async vectorsAt(
    model: string,
    split: Split,
    ordinals: readonly number[],
  ): Promise<Map<number, Float32Array>> {
    return (await this.#vectors(model, split)).at(ordinals);
  }

  /**
   * The ordinals of a split whose embedding lies nearer to any of the vectors than a cosine distance,
   * some of them repeatedly. Exact: it takes 1 to 1.5 ms of a core for each vector and 16,384 of the
   * split in 384 dimensions.
   */
  async *nearTo(
    model: string,
    split: Split,
    vectors: readonly Float32Array[],
    distance: number,
  ): AsyncGenerator<Int32Array> {
    yield* (await this.#vectors(model, split)).nearTo(vectors, distance);
  }

  /** Notes examples that the model cannot embed. */
  async addWithoutVector(
    model: string,
    split: Split,
    examples: readonly StoredExample[],
  ): Promise<void> {
    const rows = examples.map(({ ordinal, id }) => ({ ordinal, id }));
    await (await this.#vectors(model, split)).addWithout(rows);
  }

  /** The ordinals of the range that were noted so. */
  async withoutVector(model: string, split: Split, range: OrdinalRange): Promise<Set<number>> {
    return (await this.#vectors(model, split)).without(range);
  }

  /** Compacts the embeddings of the range. For one caller at a time. */
  async optimizeVectors(model: string, split: Split, range: OrdinalRange): Promise<void> {
    await (await this.#vectors(model, split)).optimize(range);
  }

  /**
   * Makes the labelled examples searchable by text and, given a model whose vectors of them are
   * all stored, by vector (but for those that it cannot embed). Does again only what is missing:
   * versions that have the same labelled examples share their search.
   */
  async prepareSearch(model?: string): Promise<void> {
    const labelled = { from: 0, to: await this.count('labelled') };
    const database = await this.#searched();
    await new TextSearch(database).prepare(async () =>
      (await this.range('labelled', labelled)).map((example) => ({
        ordinal: example.ordinal,
        text: searchText(example),
      })),
    );
    if (model === undefined) return;
    await new VectorSearch(database, model).prepare(async () => {
      await this.optimizeVectors(model, 'labelled', labelled);
      const vectors = await this.vectors(model, 'labelled', labelled);
      const without = await this.withoutVector(model, 'labelled', labelled);
      for (const { ordinal } of await this.struck('labelled', labelled)) {
        vectors.delete(ordinal);
        without.delete(ordinal);
      }
      const wanted = await this.live('labelled');
      if (vectors.size > 0 && vectors.size + without.size >= wanted) return vectors;
      throw new StoreError(
        `Only ${vectors.size} of ${wanted} labelled examples have a vector of model ${model}`,
        'Embed the others first',
      );
    });
  }

  /** The k labelled examples of the least cosine distance to each vector, nearest first. */
  async nearest(
    model: string,
    vectors: readonly Float32Array[],
    k: number,
  ): Promise<Neighbour[][]> {
    return new VectorSearch(await this.#searched(), model).nearest(vectors, k);
  }

  /** The k labelled examples of the best BM25 score for each text, best first. */
  async bm25(texts: readonly string[], k: number): Promise<Neighbour[][]> {
    return new TextSearch(await this.#searched()).nearest(texts, k);
  }

  #additions(root: string): Additions {
    return new Additions(this.#databaseOf(root));
  }

  async #last(): Promise<DatasetVersion> {
    return (await this.versions()).at(-1)!;
  }

  async #searched(): Promise<Database> {
    return this.#databaseOf((await this.#last()).labelledBy);
  }

  #packs(root: string): Packs {
    return new Packs(this.#databaseOf(root));
  }

  /** What a model made of a split, in the folder that the chain begins with. */
  async #vectors(model: string, split: Split): Promise<Vectors> {
    const chain = await this.versions();
    return new Vectors(this.#databaseOf(chain[0]!.id), model, split, chain);
  }

  /** In which tables the examples of a split are, in order. */
  async #parts(split: Split): Promise<Part[]> {
    return (await this.#exampleTables()).map(({ database, name, version, since, isPack }) => ({
      ...{ database, table: name },
      ...{ from: since.offsets[split], to: version.counts[split] },
      zero: isPack ? 0 : version.offsets[split],
    }));
  }

  /** The tables with the examples of the chain, in order: packs where there are some. */
  #exampleTables(): Promise<ExampleTable[]> {
    this.#tables ??= this.#findTables();
    this.#tables.catch(() => {
      this.#tables = undefined;
    });
    return this.#tables;
  }

  async #findTables(): Promise<ExampleTable[]> {
    const versions = await this.versions();
    const packs = versions.length > 1 ? await this.#packs(versions[0]!.id).all() : new Map();
    const tables: ExampleTable[] = [];
    for (let at = versions.length - 1; at >= 0; ) {
      const version = versions[at]!;
      const first: number | undefined = packs.get(version.id);
      const since = versions[first ?? at]!;
      const name = first === undefined ? version.table : PACK;
      const database = this.#databaseOf(version.id);
      tables.unshift({ database, name, version, since, isPack: first !== undefined });
      at = since.segment - 1;
    }
    return tables;
  }

  #unknown(): StoreError {
    return new StoreError(`Data set ${this.id} is not in the store`, 'Ingest its files first');
  }
}

const SPLITS: readonly Split[] = ['labelled', 'unlabelled', 'test'];

/** How many examples a table has. */
const sizeOf = ({ version, since }: ExampleTable): number =>
  SPLITS.reduce((sum, split) => sum + version.counts[split] - since.offsets[split], 0);

/** The parts that have something of a range. */
const inside = ({ from, to }: OrdinalRange, parts: readonly Part[]): Part[] =>
  parts.filter((part) => Math.max(part.from, from) < Math.min(part.to, to));

/** The range in the ordinals of a part, as far as it lies there. */
const local = ({ from, to }: OrdinalRange, { zero, ...part }: Part): OrdinalRange => ({
  from: Math.max(from, part.from) - zero,
  to: Math.min(to, part.to) - zero,
});

/** Ordinals by the part that they lie in, as they are there. Throws RangeError for others. */
function among(
  split: Split,
  ordinals: readonly number[],
  parts: readonly Part[],
): Map<Part, number[]> {
  const grouped = new Map<Part, number[]>();
  for (const ordinal of ordinals) {
    const part = parts.find(({ from, to }) => from <= ordinal && ordinal < to);
    if (!part) throw noExample(split, ordinal);
    const own = grouped.get(part);
    if (own) own.push(ordinal - part.zero);
    else grouped.set(part, [ordinal - part.zero]);
  }
  return grouped;
}
