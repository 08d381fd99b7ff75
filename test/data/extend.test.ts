import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { Arrival } from '../../core/living/arrival.ts';
import type { Split } from '../../core/types.ts';
import { extendDataset } from '../../data/extendDataset.ts';
import { ingestDataset } from '../../data/ingestDataset.ts';
import { useFolder, useStore } from '../support/suite.ts';
import { inputOf, writeGoodFiles } from './support.ts';

const everything = { from: 0, to: 1_000_000 };
const none = { labelled: 0, unlabelled: 0, test: 0 };

describe('Adding to a data set', () => {
  const store = useStore();
  const folder = useFolder('test');

  beforeEach(() => writeGoodFiles(folder));

  const begin = async () => (await ingestDataset(store, inputOf(folder.path))).dataset;

  /** Adds rows of each split, as "question" or "question,answer", to a version. */
  async function add(dataset: string, rows: Partial<Record<Split, string[]>>, more: Arrival = {}) {
    const arrival: Arrival = { ...more, folder: folder.path };
    for (const [split, lines] of Object.entries(rows) as [Split, string[]][]) {
      const file = `more-${split}.csv`;
      const header = split === 'unlabelled' ? 'question' : 'question,answer';
      await folder.write(file, [header, ...lines, ''].join('\n'));
      arrival[split] = [file];
    }
    const { data, task } = inputOf(folder.path);
    return extendDataset(store, { dataset, run: 'run', arrival, data, task });
  }

  /** What counts of a split, with its ordinals. */
  const live = async (dataset: string, split: Split) =>
    (await store.dataset(dataset).range(split, everything)).map(({ ordinal, question, answer }) =>
      [ordinal, question, ...(answer === undefined ? [] : [answer])].join(' '),
    );

  it('goes on with the ordinals of each split, and leaves the version before as it was', async () => {
    const first = await begin();
    const added = await add(first, {
      labelled: ['lovely,positive'],
      unlabelled: ['meh', 'hm'],
      test: ['poor,negative'],
    });
    assert.notEqual(added.dataset, first);
    assert.deepEqual(
      { ...added, dataset: '', report: undefined },
      {
        ...{ dataset: '', segment: 1, report: undefined },
        counts: { labelled: 3, unlabelled: 5, test: 2 },
        ...{ struck: none, removed: none, added: { labelled: 1, unlabelled: 2, test: 1 } },
      },
    );
    assert.deepEqual(await live(added.dataset, 'unlabelled'), [
      ...['0 nice', '1 bad', '2 so so', '3 meh', '4 hm'],
    ]);
    assert.deepEqual(await live(first, 'unlabelled'), ['0 nice', '1 bad', '2 so so']);
    const data = store.dataset(added.dataset);
    assert.deepEqual(
      (await data.at('unlabelled', [4, 0, 3])).map(({ question }) => question),
      ['hm', 'nice', 'meh'],
    );
    assert.deepEqual(
      (await data.range('unlabelled', { from: 2, to: 4 })).map(({ question }) => question),
      ['so so', 'meh'],
    );
    await assert.rejects(data.at('unlabelled', [5]), RangeError);
  });

  it('makes the same version of the same rows, and none of nothing new', async () => {
    const first = await begin();
    const once = await add(first, { unlabelled: ['meh', 'nice'] });
    assert.deepEqual(await add(first, { unlabelled: ['meh', 'nice'] }), once);
    const again = await add(once.dataset, { unlabelled: ['meh', 'bad', 'fine'] });
    assert.deepEqual(
      [again.dataset, again.segment, again.added, again.removed],
      [once.dataset, 1, none, none],
    );
    const [file] = again.report.files;
    assert.deepEqual([file!.rows, file!.kept, file!.repeated, file!.inLabelled], [3, 0, 2, 1]);
  });

  it('strikes an unlabelled example that is labelled, and a gold answer that a newer one contradicts', async () => {
    const first = await begin();
    const added = await add(first, {
      labelled: ['bad,negative', 'fine,neutral', 'awful,negative'],
    });
    assert.deepEqual(added.added, { labelled: 2, unlabelled: 0, test: 0 });
    assert.deepEqual(added.removed, { labelled: 1, unlabelled: 1, test: 0 });
    assert.deepEqual(await live(added.dataset, 'labelled'), [
      ...['1 awful negative', '2 bad negative', '3 fine neutral'],
    ]);
    assert.deepEqual(await live(added.dataset, 'unlabelled'), ['0 nice', '2 so so']);
    assert.deepEqual(added.report.superseding, [
      { file: 'more-labelled.csv', line: 3, split: 'labelled', ordinal: 0 },
    ]);
    const [file] = added.report.files;
    assert.deepEqual([file!.kept, file!.repeated, file!.superseding], [2, 1, 1]);
    // Ordinals of struck-out examples name them still.
    const [old] = await store.dataset(added.dataset).at('labelled', [0]);
    assert.equal(old!.answer, 'positive');
    // A later version goes by the list of the one before.
    const later = await add(added.dataset, {
      unlabelled: ['hm', 'bad'],
      labelled: ['fine,negative'],
    });
    assert.deepEqual(later.struck, { labelled: 2, unlabelled: 1, test: 0 });
    assert.deepEqual(await live(later.dataset, 'unlabelled'), ['0 nice', '2 so so', '3 hm']);
    assert.deepEqual(await live(later.dataset, 'labelled'), [
      ...['1 awful negative', '2 bad negative', '4 fine negative'],
    ]);
  });

  it('keeps the test split apart from all that models may have learned from', async () => {
    const first = await begin();
    const labelled = await add(first, { labelled: ['nice,positive'] });
    const { added, report } = await add(labelled.dataset, {
      labelled: ['great,negative'],
      unlabelled: ['great'],
      test: ['fine,positive', 'bad,negative', 'nice,positive', 'new,neutral'],
    });
    assert.deepEqual(added, { labelled: 0, unlabelled: 0, test: 1 });
    assert.deepEqual(
      report.files.map(({ kept, inTest, inLabelled, inUnlabelled }) => [
        ...[kept, inTest, inLabelled, inUnlabelled],
      ]),
      [
        [1, 0, 2, 1],
        [0, 1, 0, undefined],
        [0, 1, 0, undefined],
      ],
    );
  });

  it('has one search for versions with the same labelled examples, without what is struck out', async () => {
    const first = await begin();
    const model = 'embedder';
    const vectorOf = (text: string) => new Float32Array([text.length, 1]);
    const embed = async (id: string) => {
      const data = store.dataset(id);
      const known = await data.vectors(model, 'labelled', everything);
      const missing = (await data.range('labelled', everything)).filter(
        ({ ordinal }) => !known.has(ordinal),
      );
      const rows = missing.map(({ ordinal, id, question }) => ({
        ...{ ordinal, id },
        vector: vectorOf(question),
      }));
      await data.addVectors(model, 'labelled', rows);
      await data.prepareSearch(model);
      return missing.length;
    };
    const near = async (id: string) => {
      const [found] = await store.dataset(id).nearest(model, [vectorOf('fine')], 9);
      return found!.map(({ ordinal }) => ordinal);
    };
    assert.equal(await embed(first), 2);
    assert.deepEqual(await near(first), [0, 1]);
    const pool = await add(first, { unlabelled: ['hm'] });
    assert.deepEqual(await near(pool.dataset), [0, 1], 'nothing to prepare');
    const more = await add(pool.dataset, { labelled: ['fine,neutral', 'poor,negative'] });
    await assert.rejects(near(more.dataset), /prepareSearch/);
    assert.equal(await embed(more.dataset), 2, 'only the new ones');
    assert.deepEqual(await near(more.dataset), [2, 3, 1]);
    const [words] = await store.dataset(more.dataset).bm25(['fine'], 9);
    assert.deepEqual(
      words!.map(({ ordinal }) => ordinal),
      [2],
    );
  });
});
