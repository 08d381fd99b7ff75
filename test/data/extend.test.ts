import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, it } from 'mocha';
import type { Arrival } from '../../core/living/arrival.ts';
import type { Judgement, Review, ReviewedSplit } from '../../core/review/review.ts';
import type { Split, StoredExample } from '../../core/types.ts';
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
  async function add(
    dataset: string,
    rows: Partial<Record<Split | 'withdrawn', string[]>>,
    more: Arrival & { growTest?: number } = {},
  ) {
    const { growTest, ...others } = more;
    const arrival: Arrival = { ...others, folder: folder.path };
    for (const [split, lines] of Object.entries(rows) as [Split | 'withdrawn', string[]][]) {
      const file = `more-${split}.csv`;
      const header = ['unlabelled', 'withdrawn'].includes(split) ? 'question' : 'question,answer';
      await folder.write(file, [header, ...lines, ''].join('\n'));
      arrival[split] = [file];
    }
    const { data, task } = inputOf(folder.path, growTest === undefined ? {} : { growTest });
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

  it('reads small additions together, each as it was and none twice', async () => {
    let dataset = await begin();
    const versions = [dataset];
    const expected = ['0 nice', '1 bad', '2 so so'];
    for (let one = 3; one < 9; one++) {
      const withdrawn = one === 6 ? { withdrawn: ['number 4'] } : {};
      const added = await add(dataset, { unlabelled: [`number ${one}`], ...withdrawn });
      ({ dataset } = added);
      versions.push(dataset);
      expected.push(`${one} number ${one}`);
      const now = expected.filter((row) => one < 6 || row !== '4 number 4');
      assert.deepEqual(await live(dataset, 'unlabelled'), now);
    }
    const inFolder = await readdir(join(store.uri, 'datasets', versions.at(-2)!));
    assert.ok(inFolder.includes('packed.lance')); // the last is left as it is: what is before it is large
    const whole = store.dataset(dataset);
    const found = await whole.at('unlabelled', [8, 4, 1, 5]);
    assert.deepEqual(
      found.map(({ ordinal, question }) => `${ordinal} ${question}`),
      ['8 number 8', '4 number 4', '1 bad', '5 number 5'],
    );
    const some = await whole.range('unlabelled', { from: 2, to: 7 });
    assert.deepEqual(
      some.map(({ ordinal }) => ordinal),
      [2, 3, 5, 6],
    );
    assert.deepEqual(await live(versions[2]!, 'unlabelled'), expected.slice(0, 5));
    const ids: string[] = [];
    for await (const part of whole.idsOf(2)) ids.push(...part);
    assert.deepEqual(ids, [found[1]!.id]);
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

  it('keeps what became of the rows of each segment', async () => {
    const first = await begin();
    const second = await add(first, { unlabelled: ['meh', 'nice'] });
    const third = await add(second.dataset, { labelled: ['meh,neutral'] });
    const history = await store.datasets.history(third.dataset);
    assert.deepEqual(
      history.map(({ id, segment }) => [id, segment]),
      [
        [first, 0],
        [second.dataset, 1],
        [third.dataset, 2],
      ],
    );
    assert.deepEqual(history[1]!.report.files, second.report.files);
    // Another addition to the same version begins a chain of its own.
    const other = await add(second.dataset, { labelled: ['hm,neutral'] });
    const ids = (await store.datasets.history(other.dataset)).map(({ id }) => id);
    assert.deepEqual(ids, [first, second.dataset, other.dataset]);
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

  it('withdraws rows for good, whatever split they are in', async () => {
    const first = await begin();
    const more = await add(first, { labelled: ['poor,negative'], unlabelled: ['hm'] });
    const gone = await add(more.dataset, { withdrawn: ['hm', 'fine', 'never seen', 'hm'] });
    assert.deepEqual(gone.removed, { labelled: 1, unlabelled: 1, test: 0 });
    assert.deepEqual(gone.added, none);
    assert.deepEqual(gone.report.withdrawals, [{ of: 'more-withdrawn.csv', rows: 4, unknown: 1 }]);
    assert.deepEqual(await live(gone.dataset, 'labelled'), ['1 awful negative', '2 poor negative']);
    const again = await add(gone.dataset, { labelled: ['hm,neutral'], unlabelled: ['fine', 'ok'] });
    assert.deepEqual(again.added, { labelled: 0, unlabelled: 1, test: 0 });
    assert.deepEqual(
      again.report.files.map(({ withdrawn }) => withdrawn),
      [1, 1],
    );
    const twice = await add(again.dataset, { withdrawn: ['fine'] });
    assert.deepEqual([twice.dataset, twice.removed], [again.dataset, none]);
  });

  it('withdraws nothing where a row cannot be read, or nothing would be left', async () => {
    const first = await begin();
    await assert.rejects(add(first, { withdrawn: ['fine', '"bad', 'nice'] }), {
      name: 'DataError',
      message: /more-withdrawn\.csv, line 3: which example this is cannot be read.*nothing is/,
    });
    await assert.rejects(add(first, { withdrawn: ['fine', 'awful'] }), {
      name: 'DataError',
      message: /No labelled example would be left/,
    });
    await assert.rejects(add(first, {}, { withdrawnSegments: [1] }), {
      name: 'DataError',
      message: /There is no segment 1: the data have segments 0 to 0/,
    });
  });

  it('undoes a segment that was wrong: what it took the place of counts again, and it may come mended', async () => {
    const first = await begin();
    const wrong = await add(first, {
      labelled: ['fine,negative', 'bad,positive', 'poor,positive'],
    });
    assert.deepEqual(await live(wrong.dataset, 'unlabelled'), ['0 nice', '2 so so']);
    const undone = await add(wrong.dataset, {}, { withdrawnSegments: [1] });
    assert.deepEqual(undone.struck, { labelled: 3, unlabelled: 0, test: 0 });
    assert.deepEqual(undone.removed, { labelled: 2, unlabelled: -1, test: 0 });
    assert.deepEqual(await live(undone.dataset, 'labelled'), [
      '0 fine positive',
      '1 awful negative',
    ]);
    assert.deepEqual(await live(undone.dataset, 'unlabelled'), ['0 nice', '1 bad', '2 so so']);
    const mended = await add(undone.dataset, { labelled: ['poor,negative', 'bad,negative'] });
    assert.deepEqual(mended.added, { labelled: 2, unlabelled: 0, test: 0 });
    assert.deepEqual(await live(mended.dataset, 'labelled'), [
      ...['0 fine positive', '1 awful negative', '5 poor negative', '6 bad negative'],
    ]);
  });

  it('takes in what people have said in reviews, once', async () => {
    const first = await begin();
    const [nice, bad] = await store.dataset(first).range('unlabelled', everything);
    const [fine] = await store.dataset(first).range('labelled', everything);
    const said = ({ split, ordinal, id }: StoredExample, judgement: Judgement): Review => ({
      ...{ id: randomUUID(), reviewer: 'one', ranking: 1, at: '', exampleId: id, ordinal },
      split: split as ReviewedSplit,
      ...judgement,
    });
    const { length } = await store.reviews('run').read();
    const reviews = await store
      .reviews('run')
      .add([
        said(nice!, { verdict: 'answer', answer: 'positive' }),
        said(bad!, { verdict: 'bad' }),
        said(fine!, { verdict: 'answer', answer: 'neutral' }),
      ]);
    assert.equal(reviews, length + 3);
    const joined = await add(first, {}, { reviews });
    assert.deepEqual(joined.added, { labelled: 2, unlabelled: 0, test: 0 });
    assert.deepEqual(joined.removed, { labelled: 1, unlabelled: 2, test: 0 });
    assert.deepEqual(await live(joined.dataset, 'labelled'), [
      ...['1 awful negative', '2 nice positive', '3 fine neutral'],
    ]);
    assert.deepEqual(await live(joined.dataset, 'unlabelled'), ['2 so so']);
    // What came later counts, and earlier reviews do not come again.
    const newer = await add(joined.dataset, { labelled: ['nice,negative'] }, { reviews });
    assert.deepEqual((await live(newer.dataset, 'labelled')).at(-1), '4 nice negative');
    const again = await add(newer.dataset, {}, { reviews });
    assert.equal(again.dataset, newer.dataset);
  });

  it('lets a stable share of new labelled rows join the test split, and no known one', async () => {
    const first = await begin();
    const rows = Array.from({ length: 200 }, (_, index) => `text ${index},positive`);
    const known = await add(first, {
      unlabelled: rows.slice(0, 50).map((row) => row.split(',')[0]!),
    });
    const grown = await add(known.dataset, { labelled: rows }, { growTest: 0.25 });
    const { labelled, test } = grown.added;
    assert.equal(labelled + test, 200);
    assert.ok(test > 20 && test < 60, `${test} of 150`);
    assert.equal(grown.report.files[0]!.grown, test);
    const tested = await live(grown.dataset, 'test');
    assert.ok(tested.every((line) => !/ text [1-4]?\d /.test(line)));
    // The same ones, whatever they come with.
    const other = await add(first, { labelled: rows.slice(100) }, { growTest: 0.25 });
    const texts = (lines: string[]) => new Set(lines.map((line) => line.replace(/^\d+ /, '')));
    const all = texts(tested);
    for (const text of texts(await live(other.dataset, 'test'))) assert.ok(all.has(text), text);
    // And where one comes again, it stays where it is.
    const again = await add(grown.dataset, { labelled: rows }, { growTest: 0.25 });
    assert.deepEqual(again.added, none);
  });

  it('carries the categories of rows that come, join the test split or were reviewed', async () => {
    const columns = { category: 'subject' };
    await folder.write('unlabelled.csv', 'question,subject\nnice,law\nbad,art\nso so,art\n');
    await folder.write('test.csv', 'question,answer,subject\ngreat,positive,law\n');
    await folder.write(
      'labelled.csv',
      'question,answer,subject\nfine,positive,\nawful,negative,art\n',
    );
    const { data, task } = inputOf(folder.path, { columns, growTest: 0.5 });
    const { dataset } = await ingestDataset(store, { data, task, folder: folder.path });
    const [nice] = await store.dataset(dataset).range('unlabelled', everything);
    const said: Review = {
      ...{ id: randomUUID(), reviewer: 'one', ranking: 1, at: '', exampleId: nice!.id, ordinal: 0 },
      ...{ split: 'unlabelled', verdict: 'answer', answer: 'positive' },
    };
    const reviews = await store.reviews('categories').add([said]);
    const rows = Array.from({ length: 20 }, (_, index) => `text ${index},neutral,new ${index}`);
    await folder.write('more.csv', ['question,answer,subject', ...rows, ''].join('\n'));
    const arrival = { labelled: ['more.csv'], reviews, folder: folder.path };
    const added = await extendDataset(store, { dataset, run: 'categories', arrival, data, task });
    const all = async (split: Split) => store.dataset(added.dataset).range(split, everything);
    const [grown, labelled] = [await all('test'), await all('labelled')];
    assert.ok(grown.length > 1 && labelled.length > 3);
    const categories = new Map(
      [...grown, ...labelled].map(({ question, category }) => [question, category]),
    );
    for (let index = 0; index < 20; index++)
      assert.equal(categories.get(`text ${index}`), `new ${index}`);
    assert.deepEqual(
      ['nice', 'great', 'fine', 'awful'].map((question) => categories.get(question)),
      ['law', 'law', undefined, 'art'],
    );
    // A row that is withdrawn is known without one.
    await folder.write('gone.csv', 'question\nbad\n');
    const without = await extendDataset(store, {
      ...{ dataset: added.dataset, run: 'categories', data, task },
      arrival: { withdrawn: ['gone.csv'], folder: folder.path },
    });
    assert.equal(without.removed.unlabelled, 1);
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

  it('keeps vectors of examples that have one ordinal in data sets which part from one another', async () => {
    const first = await begin();
    const [here, there] = await Promise.all(
      ['hm', 'oh'].map(async (text) => (await add(first, { unlabelled: [text] })).dataset),
    );
    const ordinal = (await store.dataset(here!).count('unlabelled')) - 1;
    const vectorOf = (id: string) => new Float32Array(id === here ? [1, 0] : [0, 1]);
    for (const id of [here!, there!])
      await store
        .dataset(id)
        .addVectors('embedder', 'unlabelled', [{ ordinal, id, vector: vectorOf(id) }]);
    for (const id of [here!, there!]) {
      const data = store.dataset(id);
      const all = await data.vectors('embedder', 'unlabelled', everything);
      assert.deepEqual(all, new Map([[ordinal, vectorOf(id)]]));
      assert.deepEqual(await data.vectorsAt('embedder', 'unlabelled', [ordinal]), all);
      const found = new Set<number>();
      const near = data.nearTo('embedder', 'unlabelled', [new Float32Array([1, 0])], 0.5);
      for await (const some of near) for (const one of some) found.add(one);
      assert.deepEqual(found, new Set(id === here ? [ordinal] : []));
    }
    assert.deepEqual(
      await store.dataset(first).vectors('embedder', 'unlabelled', everything),
      new Map(),
    );
  });
});
