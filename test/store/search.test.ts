import assert from 'node:assert/strict';
import { Session } from '@lancedb/lancedb';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import { Database } from '../../store/database.ts';
import { VectorSearch } from '../../store/search.ts';
import { useFolder } from '../support/suite.ts';

describe('Search by vector', () => {
  const folder = useFolder('suite');
  let database: Database;
  let models = 0;

  before(async () => {
    database = new Database({ uri: folder.path, session: new Session() });
  });

  after(() => database.close());

  /** The search over these labelled vectors, whose ordinals are their places. */
  const searchOver = async (vectors: readonly Float32Array[]): Promise<VectorSearch> => {
    models += 1;
    const search = new VectorSearch(database, `model-${models}`);
    await search.prepare(async () => new Map(vectors.entries()));
    return search;
  };

  it('gives the same as a comparison of all, ties by ordinal, whatever the number of queries', async () => {
    // Few directions, exact in float32, so that ties are many and true.
    const direction = fc
      .tuple(...[0, 1, 2].map(() => fc.constantFrom(-1, 0, 1)))
      .map((values) => Float32Array.from(values));
    const property = fc.asyncProperty(
      fc.array(direction, { minLength: 1, maxLength: 40 }),
      fc.array(direction, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(1, 130, 300),
      fc.integer({ min: 0, max: 45 }),
      async (labelled, asked, count, k) => {
        const search = await searchOver(labelled);
        const queries = Array.from({ length: count }, (_, index) => asked[index % asked.length]!);
        const found = await search.nearest(queries, k);
        assert.deepEqual(
          found.map((list) => list.map(({ ordinal }) => ordinal)),
          queries.map((query) => nearestOf(query, labelled, k)),
        );
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  it('gives the same to many who ask at once as to each alone', async () => {
    const labelled = drawn(2_000, 32);
    const search = await searchOver(labelled);
    const asked = Array.from({ length: 6 }, (_, seed) => drawn(200, 32, seed + 1));
    const together = await Promise.all(asked.map((queries) => search.nearest(queries, 5)));
    for (const [index, queries] of asked.entries())
      assert.deepEqual(together[index], await search.nearest(queries, 5));
  });

  it('gives the same through an index, too', async () => {
    const different = drawn(1_000, 16);
    const zero = new Float32Array(16);
    // Each tenth three times, so that ties are in the answers and reach across them.
    const tenth = different.filter((_, index) => index % 10 === 0);
    const labelled = [...different, zero, ...tenth, ...tenth];
    const search = await searchOver(labelled);
    const table = await database.existing(`search-model-${models}`);
    assert.equal((await table!.listIndices()).length, 1);
    const queries = [zero, ...drawn(50, 16, 1), ...tenth.slice(0, 50)];
    for (const k of [2, 3])
      assert.deepEqual(
        (await search.nearest(queries, k)).map((list) => list.map(({ ordinal }) => ordinal)),
        queries.map((query) => nearestOf(query, labelled, k)),
      );
    const all = await search.nearest(queries, labelled.length + 1);
    assert.deepEqual(
      all.map((list) => list.length),
      queries.map((query) => (query === zero ? 0 : labelled.length - 1)),
    );
  });
});

/** Ordinals by cosine, then by ordinal; what has no direction has no place. */
function nearestOf(query: Float32Array, labelled: readonly Float32Array[], k: number): number[] {
  const cosines = labelled.map((vector) => cosine(query, vector));
  return [...cosines.keys()]
    .filter((ordinal) => !Number.isNaN(cosines[ordinal]!))
    .sort((a, b) => cosines[b]! - cosines[a]! || a - b)
    .slice(0, k);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (const [axis, value] of a.entries()) {
    const other = b[axis]!;
    ab += value * other;
    aa += value * value;
    bb += other * other;
  }
  return Math.fround(ab / Math.sqrt(aa * bb));
}

/** Vectors without order, the same for the same seed. */
function drawn(count: number, dimensions: number, seed = 0): Float32Array[] {
  const noise = (at: number) => ((Math.sin(at * 12.9898 + seed) * 43_758.5453) % 1) + 0.001;
  return Array.from({ length: count }, (_, row) =>
    Float32Array.from({ length: dimensions }, (_, axis) => noise(row * dimensions + axis)),
  );
}
