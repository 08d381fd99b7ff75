import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { exactly, meanOf, plus, type Span, times } from '../../../core/forecast/span.ts';

const span = fc
  .tuple(fc.nat(1e6), fc.nat(1e6), fc.nat(1e6))
  .map((amounts) => amounts.sort((a, b) => a - b))
  .map(([low, likely, high]): Span => ({ low: low!, likely: likely!, high: high! }));
const isOrdered = ({ low, likely, high }: Span) => low <= likely && likely <= high;

describe('an amount that is not known yet', () => {
  it('stays in order, whatever it is added to or multiplied by', () => {
    fc.assert(
      fc.property(span, span, (a, b) => isOrdered(plus(a, b)) && isOrdered(times(a, b, 3))),
    );
  });

  it('is exact where all are known, and a range where some are', () => {
    assert.deepEqual(meanOf([1, 2, 6], 3), exactly(3));
    const { low, likely, high } = meanOf([1, 2, 6], 300);
    assert.ok(low < 3 && likely === 3 && high > 3);
    assert.deepEqual(meanOf([], 10), exactly(0));
  });

  it('holds the mean of the population that was sampled, but for three times in a thousand', () => {
    let outside = 0;
    fc.assert(
      fc.property(
        fc.array(fc.nat(200), { minLength: 60, maxLength: 120 }),
        fc.infiniteStream(fc.nat()),
        (values, random) => {
          const order = values.map((value) => ({ value, place: random.next().value as number }));
          const sample = order
            .sort((a, b) => a.place - b.place)
            .slice(0, 40)
            .map(({ value }) => value);
          const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
          const { low, high } = meanOf(sample, values.length);
          if (mean < low || mean > high) outside++;
        },
      ),
      { numRuns: 300, seed: 1 },
    );
    assert.ok(outside <= 5, `${outside} of 300`);
  });
});
