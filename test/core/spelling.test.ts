import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { composed, spellingOf } from '../../core/spelling.ts';

const key = (text: string) => spellingOf(text).key;

describe('spelling', () => {
  it('has one key for the spellings of a name', () => {
    const spellings = ['not_spam', 'not-spam', 'Not spam', ' NOT\u00a0SPAM\n', 'not – spam'];
    for (const one of [...spellings, 'notSpam', 'not‑spam']) assert.equal(key(one), 'notspam', one);
    assert.equal(key('Sci/Tech'), key('sci-tech'));
    assert.equal(key('İzmir'), key('Izmir'));
    assert.equal(key('cafe\u0301'), key('CAFÉ'));
  });

  it('keeps what tells names apart', () => {
    const names = ['C', 'C++', 'C#', '.NET', 'NET', '-1', '1', '+1', 'A', 'A+', 'A-'];
    const numbers = ['1-2', '12', '1.2', '1,2', '2-1', '1/23'];
    const keys = [...names, ...numbers].map(key);
    assert.equal(new Set(keys).size, keys.length);
  });

  it('tells where words begin and end in the text', () => {
    const text = 'The dog’s not-spam, C++ and -4.5';
    const { key: all, at, begins, ends } = spellingOf(text);
    const words: string[] = [];
    let start = 0;
    for (let place = 0; place < all.length; place++) {
      if (begins[place]) start = place;
      if (ends[place]) words.push(text.slice(at[start], at[place]! + 1));
    }
    assert.deepEqual(words, ['The', 'dog’s', 'not-spam', ',', 'C++', 'and', '-4.5']);
  });

  it('says of each character where it stands, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (given) => {
        const text = composed(given);
        const { key, at } = spellingOf(given);
        const lower = text.toLowerCase();
        for (let place = 0; place < key.length; place++)
          assert.ok([lower[at[place]!], ' ', "'", '-'].includes(key[place]!));
        assert.equal(spellingOf(text).key, key);
      }),
    );
  });
});
