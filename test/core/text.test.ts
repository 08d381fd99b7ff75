import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { fold, normalise, printable, quoted } from '../../core/text.ts';

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

describe('printable', () => {
  it('leaves nothing that a terminal obeys, and all that people write', () => {
    assert.equal(
      printable('a\u001b[31mb\u0007\u009b\u202ec'),
      'a\\u{1b}[31mb\\u{7}\\u{9b}\\u{202e}c',
    );
    const plain = 'café\n\t„größer“ 東京 👩‍👩‍👧 \u200cنمی‌خواهم';
    assert.equal(printable(plain), plain);
    assert.equal(quoted('\u001b]0;title\u0007'), '"\\u{1b}]0;title\\u{7}"');
  });
});
