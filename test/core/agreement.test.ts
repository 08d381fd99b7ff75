import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { differing, groupsOf, inWordsOfSurest, isNear, numbered } from '../../core/agreement.ts';

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

describe('which answers mean the same', () => {
  const near = (vectors: (number[] | null)[], threshold: number) =>
    groupsOf(vectors.length, (a, b) => isNear(vectors[a]!, vectors[b]!, threshold));

  it('groups vectors that are near, and those that others link', () => {
    const at = (degrees: number) =>
      [degrees, degrees + 90].map((one) => Math.sin((one * Math.PI) / 180));
    const threshold = Math.cos((20 * Math.PI) / 180);
    assert.deepEqual(near([at(0), at(60), at(15), at(70)], threshold), [0, 1, 0, 1]);
    assert.deepEqual(near([at(0), at(40), at(20)], threshold), [0, 0, 0], 'linked by the third');
    assert.deepEqual(near([at(0), at(21)], threshold), [0, 1]);
    assert.deepEqual(near([at(0), null, at(1), null], threshold), [0, 1, 0, 2]);
    assert.deepEqual(
      near(
        [
          [0, 0],
          [0, 0],
        ],
        0.5,
      ),
      [0, 1],
      'without a direction',
    );
    assert.deepEqual(
      near(
        [
          [3, 4],
          [0.3, 0.4],
        ],
        1,
      ),
      [0, 0],
      'whatever their lengths',
    );
  });

  it('puts none together that may not be, whatever links them', () => {
    const mayBeOne = (a: number, b: number) => a + b !== 2;
    assert.deepEqual(
      groupsOf(4, () => true, mayBeOne),
      [0, 0, 1, 0],
      'the third may be with all but the first',
    );
    const isLinked = (a: number, b: number) => a === 1 || b === 1;
    assert.deepEqual(groupsOf(3, isLinked, mayBeOne), [0, 0, 1]);
  });

  it('does so whatever their order', () => {
    const vector = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 1, max: 3 }));
    fc.assert(
      fc.property(fc.array(vector, { minLength: 1, maxLength: 6 }), (given) => {
        const reversed = near(given.toReversed(), 0.9).reverse();
        assert.deepEqual(near(given, 0.9), numbered(reversed));
      }),
    );
  });

  it('has answers of a group in the words of the surest, and leaves the others', () => {
    const answers = [
      { parsed: 'Car', entropy: 0.5 },
      { parsed: 'automobile', entropy: 0.1 },
      { parsed: null, entropy: 0 },
      { parsed: 'car', entropy: null },
      { parsed: 'boat', entropy: 0 },
      { parsed: 'late', entropy: 0 },
    ];
    const given = answers.map(({ parsed }) => parsed).slice(0, 5);
    assert.deepEqual(differing(given, same), ['Car', 'automobile', 'boat']);
    const meanings = { answers: ['Car', 'automobile', 'boat'], groups: [0, 0, 1] };
    assert.deepEqual(
      inWordsOfSurest(answers, meanings, same).map(({ parsed }) => parsed),
      ['automobile', 'automobile', null, 'automobile', 'boat', 'late'],
    );
    const silent = answers.map((one) => ({ ...one, entropy: null }));
    assert.equal(inWordsOfSurest(silent, meanings, same)[1]!.parsed, 'Car', 'else the first');
  });
});
