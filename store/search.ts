import { Index, MatchQuery, type Table } from '@lancedb/lancedb';
import pLimit from 'p-limit';
import { schemaOf, toArrow, types } from './arrow.ts';
import type { Database } from './database.ts';
import { StoreError } from './errors.ts';
import { safeName } from './names.ts';

/** A labelled example near a query. */
export interface Neighbour {
  ordinal: number;
  /** Cosine distance (0 to 2), negative BM25 score or negative fused rank: less is nearer. */
  distance: number;
}

/**
 * From so many labelled vectors on, an index (IVF-Flat) keeps them in memory, in clusters. All of
 * them are searched, so the answer is exact and the same after every retry; what it saves is
 * reading the table for each request. A query in 384 dimensions takes 0.3 ms of a core among
 * 10,000 (0.5 to 1.1 without the index) and 1.6 ms among 50,000, about half of what faiss takes:
 * `npm run bench -- retrieval --labelled 50000`.
 */
const INDEXED_FROM = 1_000;
/** Enough for one to fit the cache of a core; twice or half as many make no difference. */
const CLUSTERS = 64;
/** Query vectors a request. */
const QUERIES_AT_ONCE = 256;

/** Search by vector over the labelled examples, which have a table of their own per model. */
export class VectorSearch {
  readonly #database: Database;
  readonly #name: string;
  readonly #model: string;

  constructor(database: Database, model: string) {
    this.#database = database;
    this.#model = model;
    this.#name = `search-${safeName(model)}`;
  }

  /** Makes the table (in one commit) and its index where they are missing. */
  async prepare(vectors: () => Promise<Map<number, Float32Array>>): Promise<void> {
    const table = await this.#database.tableOf(this.#name, async () => {
      const rows = Array.from(await vectors(), ([ordinal, vector]) => ({ ordinal, vector }));
      rows.sort((a, b) => a.ordinal - b.ordinal);
      const dimensions = rows[0]?.vector.length ?? 0;
      const schema = schemaOf({ ordinal: types.int, vector: types.vector(dimensions) });
      return toArrow(schema, rows);
    });
    if ((await table.countRows()) >= INDEXED_FROM) {
      await index(
        table,
        'vector',
        Index.ivfFlat({ distanceType: 'cosine', numPartitions: CLUSTERS }),
      );
    }
  }

  /** The k nearest to each vector. A vector of zeros has no direction and no neighbours. */
  async nearest(vectors: readonly Float32Array[], k: number): Promise<Neighbour[][]> {
    const table = await prepared(this.#database, this.#name, `vectors of model ${this.#model}`);
    const results: Neighbour[][] = [];
    for (let from = 0; from < vectors.length; from += QUERIES_AT_ONCE) {
      const part = vectors.slice(from, from + QUERIES_AT_ONCE);
      results.push(...(await withTies(k, (limit) => queryVectors(table, part, limit))));
    }
    return results;
  }
}

async function queryVectors(
  table: Table,
  vectors: readonly Float32Array[],
  limit: number,
): Promise<Neighbour[][]> {
  const [first, ...others] = vectors;
  const query = table.query().nearestTo(first!);
  for (const vector of others) query.addQueryVector(vector);
  const rows: { query_index?: number; ordinal: number; _distance: number }[] = await query
    .distanceType('cosine')
    .nprobes(CLUSTERS)
    .select(['ordinal', '_distance'])
    .limit(limit)
    .toArray();
  const results: Neighbour[][] = vectors.map(() => []);
  for (const { query_index = 0, ordinal, _distance } of rows) {
    results[query_index]!.push({ ordinal, distance: _distance });
  }
  return results;
}

/**
 * The ordinals of rows of a table that meet an SQL condition and lie nearer to any of the vectors than
 * a cosine distance.
 */
export async function* ordinalsNear(
  table: Table,
  [first, ...others]: readonly Float32Array[],
  distance: number,
  where: string,
): AsyncGenerator<Int32Array> {
  const query = table.query().where(where).nearestTo(first!);
  for (const vector of others) query.addQueryVector(vector);
  const near = query
    .distanceType('cosine')
    .distanceRange(undefined, distance)
    .select(['ordinal', '_distance'])
    .limit(await table.countRows());
  for await (const batch of near) yield batch.getChild('ordinal')!.toArray();
}

/** Full-text search (BM25) over the texts of the labelled examples. */
export class TextSearch {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes the table (in one commit) and its index where they are missing. */
  async prepare(texts: () => Promise<{ ordinal: number; text: string }[]>): Promise<void> {
    const schema = schemaOf({ ordinal: types.int, text: types.string });
    const table = await this.#database.tableOf('texts', async () => toArrow(schema, await texts()));
    await index(table, 'text', Index.fts({ withPosition: false }));
  }

  /** The k of the best score for each text; fewer where fewer share a word with it. */
  async nearest(texts: readonly string[], k: number): Promise<Neighbour[][]> {
    const table = await prepared(this.#database, 'texts', 'the labelled examples');
    const few = pLimit(4);
    return Promise.all(
      texts.map((text) =>
        few(async () => {
          const [result] = await withTies(k, async (limit) => [
            await queryText(table, text, limit),
          ]);
          return result!;
        }),
      ),
    );
  }
}

async function queryText(table: Table, text: string, limit: number): Promise<Neighbour[]> {
  const rows: { ordinal: number; _score: number }[] = await table
    .query()
    .fullTextSearch(new MatchQuery(text, 'text'))
    .select(['ordinal', '_score'])
    .limit(limit)
    .toArray();
  return rows.map(({ ordinal, _score }) => ({ ordinal, distance: -_score }));
}

/**
 * Reciprocal rank fusion (Cormack et al. 2009, with its constant 60) of two rankings: the k best,
 * with the negative fused score as distance.
 */
export function hybrid(a: readonly Neighbour[], b: readonly Neighbour[], k: number): Neighbour[] {
  const scores = new Map<number, number>();
  for (const ranking of [a, b]) {
    ranking.forEach(({ ordinal }, rank) => {
      scores.set(ordinal, (scores.get(ordinal) ?? 0) + 1 / (60 + rank + 1));
    });
  }
  const fused = Array.from(scores, ([ordinal, score]) => ({ ordinal, distance: -score }));
  return fused.sort(nearestFirst).slice(0, k);
}

function nearestFirst(a: Neighbour, b: Neighbour): number {
  return a.distance - b.distance || a.ordinal - b.ordinal;
}

/**
 * The k nearest of each query with ties broken by ordinal. Which of equally near rows a limited
 * search returns is chance, so it is widened until no tie reaches across its limit.
 */
async function withTies(
  k: number,
  search: (limit: number) => Promise<Neighbour[][]>,
): Promise<Neighbour[][]> {
  if (k === 0) return (await search(1)).map(() => []);
  for (let limit = k + 8; ; limit *= 2) {
    const found = await search(limit);
    const results = found.map((neighbours) => neighbours.sort(nearestFirst));
    const cut = results.some(
      (list) => list.length >= limit && list[k - 1]!.distance === list.at(-1)!.distance,
    );
    if (!cut) return results.map((list) => list.slice(0, k));
  }
}

async function prepared(database: Database, name: string, what: string): Promise<Table> {
  const table = await database.existing(name);
  if (table) return table;
  throw new StoreError(`There is no search over ${what} yet`, 'Call prepareSearch first');
}

/** Makes an index, unless the table has it; another process may be making it at this moment. */
async function index(table: Table, column: string, config: Index): Promise<void> {
  const exists = async () =>
    (await table.listIndices()).some(({ columns }) => columns.includes(column));
  if (await exists()) return;
  try {
    await table.createIndex(column, { config });
  } catch (error) {
    if (!(await exists())) throw error;
  }
}
