import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { rangeAt, rangeCount, ranges } from '../../core/range.ts';

describe('ranges', () => {
  it('cover every ordinal once, in order, in pieces of the size', () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.integer({ min: 1, max: 700 }), (total, size) => {
        const all = ranges(total, size);
        assert.equal(all.length, rangeCount(total, size));
        let next = 0;
        for (const { from, to } of all) {
          assert.equal(from, next);
          assert.ok(to > from && to - from <= size);
          next = to;
        }
        assert.equal(next, total);
      }),
    );
  });

  it('can be had one by one', () => {
    assert.deepEqual(rangeAt(3_999, 250, 999_999), { from: 999_750, to: 999_999 });
    assert.deepEqual(ranges(0, 10), []);
  });

  it('refuse an index or a size that cannot be', () => {
    assert.throws(() => rangeAt(2, 5, 10), /no range 2/);
    assert.throws(() => rangeAt(-1, 5, 10), RangeError);
    assert.throws(() => rangeCount(10, 0), /whole number/);
    assert.throws(() => rangeCount(10, 2.5), /whole number/);
  });
});
