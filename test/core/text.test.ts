import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { fold, normalise } from '../../core/text.ts';

describe('normalise', () => {
  it('unifies composition and white space', () => {
    assert.equal(normalise('  cafe\u0301\u00a0\n\tnoir '), 'café noir');
    assert.equal(fold(' New  YORK'), 'new york');
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(normalise(normalise(text)), normalise(text));
      }),
    );
  });
});
