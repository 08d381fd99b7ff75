import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { StoredExample } from '../../core/types.ts';
import type { Dataset } from '../../store/dataset.ts';
import { hybrid } from '../../store/search.ts';
import { useStore } from '../support/suite.ts';
import { cleanReport, example, writeDataset } from './support.ts';

const ordinalsOf = (lists: { ordinal: number }[][]) =>
  lists.map((list) => list.map(({ ordinal }) => ordinal));

describe('A data set', () => {
  const store = useStore();

  describe('its examples', () => {
    const examples: StoredExample[] = [
      example('test', 0, {
        options: ['x', "it's"],
        answer: 'A',
        context: 'a passage',
        category: 'Law',
      }),
      ...Array.from({ length: 5 }, (_, ordinal) => example('unlabelled', ordinal)),
      example('labelled', 0, { options: [], answer: 'b' }),
    ];
    let dataset: Dataset;

    before(async () => {
      dataset = await writeDataset(store, 'data', examples);
    });

    it('come back as they were, optional fields left out', async () => {
      assert.deepEqual(await dataset.range('test', { from: 0, to: 10 }), [examples[0]]);
      assert.deepEqual(await dataset.at('labelled', [0]), [examples.at(-1)]);
      assert.equal(await dataset.count('unlabelled'), 5);
    });

    it('come by range in order, and by ordinal in the order asked for', async () => {
      const range = await dataset.range('unlabelled', { from: 1, to: 3 });
      assert.deepEqual(range, [examples[2], examples[3]]);
      const at = await dataset.at('unlabelled', [4, 0, 4]);
      assert.deepEqual(at, [examples[5], examples[1], examples[5]]);
      assert.deepEqual(await dataset.at('unlabelled', []), []);
      await assert.rejects(dataset.at('unlabelled', [5]), RangeError);
    });

    it('are refused before the ingest has ended', async () => {
      const writer = store.dataset('unfinished').createExamples();
      await writer.append([example('test', 0)]);
      await assert.rejects(store.dataset('unfinished').count('test'), {
        name: 'StoreError',
        message: /unfinished is not in the store.*Ingest/,
      });
    });

    it('are those of the first attempt to commit, never a mix', async () => {
      const contested = store.dataset('contested');
      const zombie = contested.createExamples();
      const retry = contested.createExamples();
      const counts = { labelled: 1, unlabelled: 0, test: 0 };
      await zombie.append([example('labelled', 0, { question: 'of the zombie' })]);
      await retry.append([example('labelled', 0, { question: 'of the retry' })]);
      const won = await retry.commit({ counts, report: cleanReport });
      assert.deepEqual(await zombie.commit({ counts, report: cleanReport }), won);
      const read = await contested.range('labelled', { from: 0, to: 9 });
      assert.deepEqual(
        read.map(({ question }) => question),
        ['of the retry'],
      );
      assert.deepEqual(await store.datasets.find('contested'), won);
    });
  });

  describe('its search', () => {
    const words = ['red apple', 'green apple', 'blue sky', 'red sky', 'red rose'];
    // Directions in a plane, as angles in degrees: 0 and 4 are the same.
    const angles = [10, 30, 200, 90, 10];
    const vector = (degrees: number) => {
      const radians = (degrees * Math.PI) / 180;
      return new Float32Array([Math.cos(radians), Math.sin(radians)]);
    };
    const embedded = angles.map((angle, ordinal) => ({
      ordinal,
      id: `labelled-${ordinal}`,
      vector: vector(angle),
    }));
    let dataset: Dataset;

    before(async () => {
      const labelled = words.map((question, ordinal) => example('labelled', ordinal, { question }));
      dataset = await writeDataset(store, 'search', labelled);
    });

    it('is refused while labelled vectors are missing', async () => {
      await assert.rejects(dataset.nearest('some/Model', [vector(0)], 1), /prepareSearch/);
      await dataset.addVectors('some/Model', 'labelled', embedded.slice(0, 2));
      await assert.rejects(dataset.prepareSearch('some/Model'), /Only 2 of 5 labelled examples/);
      const missing = await dataset.vectors('some/Model', 'labelled', { from: 0, to: 5 });
      assert.deepEqual([...missing.keys()], [0, 1]);
    });

    it('finds the nearest by angle, whatever their length, ties by ordinal', async () => {
      await dataset.addVectors('some/Model', 'labelled', embedded.slice(2));
      // A retry that writes other vectors for the same examples changes nothing.
      const other = embedded.map((row) => ({ ...row, vector: vector(170) }));
      await dataset.addVectors('some/Model', 'labelled', other);
      await dataset.prepareSearch('some/Model');
      await dataset.prepareSearch('some/Model');

      const long = vector(11).map((value) => value * 9);
      const found = await dataset.nearest('some/Model', [long, vector(199)], 3);
      assert.deepEqual(ordinalsOf(found), [
        [0, 4, 1],
        [2, 3, 1],
      ]);
      const [[, , third]] = found as [[unknown, unknown, { distance: number }]];
      assert.ok(Math.abs(third.distance - (1 - Math.cos((19 * Math.PI) / 180))) < 1e-5);
    });

    it('answers any number of queries, in their order', async () => {
      const queries = Array.from({ length: 600 }, (_, index) => vector(angles[index % 4]!));
      const found = await dataset.nearest('some/Model', queries, 1);
      assert.deepEqual(
        ordinalsOf(found),
        queries.map((_, index) => [index % 4]),
      );
      const zero = new Float32Array(2);
      assert.deepEqual(await dataset.nearest('some/Model', [zero], 3), [[]]);
      assert.equal((await dataset.nearest('some/Model', [vector(1)], 99))[0]!.length, 5);
    });

    it('refuses vectors of another length, with the model named', async () => {
      const row = { ordinal: 0, id: 'labelled-0', vector: [1, 2, 3] };
      await assert.rejects(dataset.addVectors('some/Model', 'labelled', [row]), {
        name: 'StoreError',
        message: /some\/Model gave a vector of 3 numbers where it gave 2 before/,
      });
    });

    it('finds texts that share rare words, ties by ordinal', async () => {
      const found = await dataset.bm25(['a red SKY?', 'apple', 'nothing shared', '"+( AND'], 2);
      assert.deepEqual(ordinalsOf(found), [[3, 2], [0, 1], [], []]);
      assert.ok(found[0]![0]!.distance < found[0]![1]!.distance);
    });

    it('fuses two rankings by reciprocal rank', () => {
      const ranking = (...ordinals: number[]) =>
        ordinals.map((ordinal) => ({ ordinal, distance: 0 }));
      const fused = hybrid(ranking(1, 2, 3), ranking(3, 4, 1), 3);
      assert.deepEqual(ordinalsOf([fused]), [[1, 3, 2]]);
      assert.equal(fused[0]!.distance, -(1 / 61 + 1 / 63));
    });
  });
});
