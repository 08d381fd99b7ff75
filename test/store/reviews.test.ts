import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Judgement, joiningOf, type Review } from '../../core/review/review.ts';
import { useStore } from '../support/suite.ts';

const review = (id: string, ordinal: number, said: Judgement): Review => ({
  ...{ id, reviewer: 'ada', ranking: 1, at: '2026-01-01T00:00:00.000Z' },
  ...{ split: 'unlabelled', ordinal, exampleId: `unlabelled-${ordinal}` },
  ...said,
});
const answered = (id: string, ordinal: number, answer: string) =>
  review(id, ordinal, { verdict: 'answer', answer });

describe('The reviews of a run', () => {
  const store = useStore();

  it('give back what people said, by numbers that stay, each review once', async () => {
    const reviews = store.reviews('numbers');
    assert.deepEqual(await reviews.read(), []);
    const first = [answered('1', 0, "it's"), review('2', 1, { verdict: 'bad' })];
    assert.equal(await reviews.add(first), 2);
    assert.equal(await reviews.add(first), 2, 'stored again it is the same');
    const second = [review('3', 2, { verdict: 'skip' })];
    assert.equal(await reviews.add(second), 3);
    assert.deepEqual(await reviews.read(), [...first, ...second]);
    assert.deepEqual(await reviews.read({ upTo: 2 }), first);
    assert.deepEqual(await reviews.read({ after: 1, upTo: 2 }), [first[1]]);
    assert.deepEqual(await store.reviews('another run').read(), []);
  });

  it('keep their numbers when they are compacted', async () => {
    const reviews = store.reviews('compacted');
    for (let number = 0; number < 105; number++)
      await reviews.add([answered(`${number}`, number, 'a')]);
    const before = await reviews.read();
    await reviews.optimize();
    assert.equal(await reviews.add([answered('last', 200, 'b')]), 106);
    assert.deepEqual(await reviews.read({ upTo: 105 }), before);
  });

  it('come, of each example, to what was said last', () => {
    const said = [
      answered('1', 0, 'a'),
      answered('2', 1, 'a'),
      answered('3', 0, 'b'),
      review('4', 1, { verdict: 'skip' }),
      review('5', 2, { verdict: 'bad' }),
    ];
    assert.deepEqual(joiningOf(said), [
      { split: 'unlabelled', ordinal: 0, exampleId: 'unlabelled-0', answer: 'b' },
      { split: 'unlabelled', ordinal: 2, exampleId: 'unlabelled-2', answer: null },
    ]);
  });
});
