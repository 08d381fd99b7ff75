import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { addFailing, failingText, NONE_FAILING, tooManyFail } from '../../core/failing.ts';

describe('examples that fail', () => {
  const usual = { most: 0.5, before: NONE_FAILING };

  it('are too many above the share that is put up with, and never while they are few', () => {
    assert.ok(!tooManyFail({ asked: 10, failed: 10 }, usual));
    assert.ok(tooManyFail({ asked: 20, failed: 11 }, usual));
    assert.ok(!tooManyFail({ asked: 22, failed: 11 }, usual));
    assert.ok(!tooManyFail({ asked: 1_000, failed: 40 }, usual), '4 % under a limit of 50 %');
    assert.ok(tooManyFail({ asked: 1_000, failed: 40 }, { ...usual, most: 0.03 }));
    assert.ok(!tooManyFail({ asked: 40, failed: 40 }, { ...usual, most: 1 }));
  });

  it('count over batches, however small these are', () => {
    const batch = fc.record({
      asked: fc.integer({ min: 0, max: 9 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(batch, { maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (batches, most) => {
          let before = NONE_FAILING;
          for (const { asked, share } of batches) {
            const now = { asked, failed: Math.floor(share * asked) };
            const all = addFailing(before, now);
            if (tooManyFail(now, { most, before })) {
              assert.ok(all.failed > most * all.asked && all.failed > 10);
              return;
            }
            assert.ok(now.failed === 0 || all.failed <= 10 || all.failed <= most * all.asked);
            before = all;
          }
        },
      ),
    );
  });

  it('are told with their reasons, the most frequent first', () => {
    const failing = { asked: 20, failed: 14, reasons: { unreadable: 6, 'refused:400': 8 } };
    assert.match(failingText(failing), /^14 of 20 examples .* \(refused:400 8, unreadable 6\)/);
  });
});
