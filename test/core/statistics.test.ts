import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { hypergeometricTail, mcnemar, normalQuantile, wilson } from '../../core/statistics.ts';

const near = (actual: number, expected: number, relative = 1e-8) =>
  assert.ok(
    Math.abs(actual - expected) <= relative * Math.abs(expected),
    `${actual} is not ${expected}`,
  );

describe('normalQuantile', () => {
  // NormalDist().inv_cdf of Python's statistics module
  const known: [number, number][] = [
    [1e-12, -7.034483825301132],
    [0.0001, -3.71901648545568],
    [0.01, -2.3263478740408408],
    [0.02425, -1.9729610513118845],
    [0.025, -1.9599639845400538],
    [0.3, -0.5244005127080407],
    [0.9, 1.2815515655446008],
    [0.975, 1.9599639845400536],
    [0.995, 2.5758293035489],
    [0.9999, 3.7190164854557084],
  ];

  it('matches known values in the centre and the tails', () => {
    for (const [p, z] of known) near(normalQuantile(p), z, 2e-9);
    assert.equal(normalQuantile(0.5), 0);
  });
});

describe('wilson', () => {
  it('matches a worked example', () => {
    const { value, low, high } = wilson(81, 263);
    near(value!, 81 / 263);
    near(low!, 0.2552885198782743);
    near(high!, 0.3662095769828001);
  });

  it('says nothing without trials', () => {
    assert.deepEqual(wilson(0, 0), { value: null, low: null, high: null, got: 0, of: 0 });
  });

  it('holds the share, within 0 and 1, and is wider for more confidence', () => {
    const trials = fc
      .integer({ min: 1, max: 1e6 })
      .chain((total) => fc.tuple(fc.integer({ min: 0, max: total }), fc.constant(total)));
    fc.assert(
      fc.property(trials, ([correct, total]) => {
        const narrow = wilson(correct, total, 0.9);
        const wide = wilson(correct, total, 0.99);
        assert.ok(0 <= narrow.low! && narrow.low! <= narrow.value!);
        assert.ok(narrow.value! <= narrow.high! && narrow.high! <= 1);
        assert.ok(wide.low! <= narrow.low! && wide.high! >= narrow.high!);
      }),
    );
  });

  it('refuses what is no proportion', () => {
    assert.throws(() => wilson(2, 1), /2 out of 1/);
    assert.throws(() => wilson(-1, 1), RangeError);
    assert.throws(() => wilson(1, 2, 95), /confidence/);
  });
});

describe('mcnemar', () => {
  it('is the exact two-sided binomial test', () => {
    near(mcnemar(1, 9).pValue, (2 * 11) / 1024);
    near(mcnemar(0, 5).pValue, 2 / 32);
    near(mcnemar(12, 29).pValue, 0.011507789735333063);
    assert.equal(mcnemar(0, 0).pValue, 1);
    assert.equal(mcnemar(7, 7).pValue, 1);
    assert.equal(mcnemar(7, 8).pValue, 1);
  });

  it('stays sound for large counts', () => {
    near(mcnemar(100_500, 99_500).pValue, 0.025493890666946916, 1e-6);
    near(mcnemar(5_000, 6_000).pValue, 1.5489950994864186e-21, 1e-6);
    assert.equal(mcnemar(0, 1_000_000).pValue, 0);
  });

  it('is a probability, the same from either side', () => {
    const count = fc.integer({ min: 0, max: 5_000 });
    fc.assert(
      fc.property(count, count, (a, b) => {
        const { pValue } = mcnemar(a, b);
        assert.ok(pValue >= 0 && pValue <= 1);
        assert.equal(pValue, mcnemar(b, a).pValue);
      }),
    );
  });
});

describe('hypergeometricTail', () => {
  it('matches known values', () => {
    near(hypergeometricTail(2, 10, { marked: 15, of: 50 }), 0.36155099526476314);
    near(hypergeometricTail(0, 45, { marked: 4, of: 120 }), 0.14796270529072125);
    near(hypergeometricTail(3, 400, { marked: 60, of: 1_000 }), 2.0601574467728174e-10);
    near(hypergeometricTail(30, 40, { marked: 35, of: 60 }), 0.9999727229034029);
    near(hypergeometricTail(5, 200, { marked: 1_600, of: 10_000 }), 3.981752973909999e-10);
  });

  it('is a probability that grows with the hits, and 1 at the most there can be', () => {
    const cases = fc
      .integer({ min: 1, max: 500 })
      .chain((of) =>
        fc.tuple(fc.constant(of), fc.integer({ min: 0, max: of }), fc.integer({ min: 0, max: of })),
      );
    fc.assert(
      fc.property(cases, ([of, marked, drawn]) => {
        const most = Math.min(marked, drawn);
        near(hypergeometricTail(most, drawn, { marked, of }), 1);
        if (most > 0) assert.ok(hypergeometricTail(most - 1, drawn, { marked, of }) <= 1);
        assert.equal(hypergeometricTail(drawn + marked - of - 1, drawn, { marked, of }), 0);
      }),
    );
  });
});
