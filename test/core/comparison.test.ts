import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { resamplesFor } from '../../core/bootstrap.ts';
import { type Sums, sumsFor } from '../../core/comparison.ts';
import { mcnemar, wilson } from '../../core/statistics.ts';
import type { Metric, Part } from '../../core/tasks/task.ts';

const F1: Metric = { name: 'F1', test: 'bootstrap' };
const ACCURACY: Metric = { name: 'accuracy', test: 'mcnemar' };

function added(metric: Metric, rows: readonly Part[][], seed = 0): Sums {
  const sums = sumsFor(metric, { models: rows[0]!.length, examples: rows.length, seed });
  for (const row of rows) sums.add(row);
  return sums;
}

/** Rows of two models: so many examples that both, only the first, only the second, none got right. */
const rightOrWrong = (both: number, first: number, second: number, none: number): Part[][] =>
  Object.entries({ '11': both, '10': first, '01': second, '00': none }).flatMap(([right, times]) =>
    Array(times).fill([...right].map((one) => ({ got: Number(one), of: 1 }))),
  );

const pair = fc
  .tuple(fc.nat(4), fc.nat(4), fc.integer({ min: 4, max: 6 }), fc.integer({ min: 4, max: 6 }))
  .map(([a, b, ofA, ofB]): Part[] => [
    { got: a, of: ofA },
    { got: b, of: ofB },
  ]);
const pairs = fc.array(pair, { minLength: 1, maxLength: 40 });

describe('a comparison of right and wrong', () => {
  it("has Wilson's intervals and McNemar's test", () => {
    const sums = added(ACCURACY, rightOrWrong(5, 9, 1, 5));
    assert.deepEqual(sums.estimate(0, 0.9), wilson(14, 20, 0.9));
    assert.deepEqual(sums.estimate(1, 0.9), wilson(6, 20, 0.9));
    const counts = { firstOnly: 9, secondOnly: 1 };
    assert.deepEqual(sums.compare(0, 1), { test: 'mcnemar', ...counts, ...mcnemar(9, 1) });
    assert.equal(sums.compare(1, 0).pValue, mcnemar(1, 9).pValue);
  });
});

describe('a paired bootstrap', () => {
  const p = (rows: readonly Part[][], seed?: number) => added(F1, rows, seed).compare(0, 1).pValue;

  it('estimates a ratio of sums, and finds it within its interval', () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const sums = added(F1, rows);
        const { value, low, high, got, of } = sums.estimate(0, 0.95);
        const sum = (part: keyof Part) => rows.reduce((total, [a]) => total + a![part], 0);
        assert.deepEqual([got, of, value], [sum('got'), sum('of'), sum('got') / sum('of')]);
        assert.ok(low! - 1e-9 <= value! && value! <= high! + 1e-9 && low! >= 0 && high! <= 1);
      }),
      { numRuns: 30 },
    );
    const nothing = { value: null, low: null, high: null, got: 0, of: 0 };
    assert.deepEqual(added(F1, [[{ got: 0, of: 0 }]]).estimate(0, 0.95), nothing);
  });

  it("has about Wilson's interval where examples are many, and right or wrong", () => {
    const { low, high } = added(F1, rightOrWrong(300, 0, 0, 700)).estimate(0, 0.95);
    const exact = wilson(300, 1000);
    assert.ok(Math.abs(low! - exact.low!) < 0.003 && Math.abs(high! - exact.high!) < 0.003);
  });

  it('says the same of the same examples and seed, and of either model', () => {
    fc.assert(
      fc.property(pairs, fc.nat(), (rows, seed) => {
        assert.equal(p(rows, seed), p(rows, seed));
        const swapped = rows.map(([a, b]) => [b!, a!]);
        assert.equal(p(rows, seed), p(swapped, seed));
        const same = rows.map(([a]) => [a!, a!]);
        assert.equal(p(same, seed), 1);
      }),
      { numRuns: 30 },
    );
    const rows = rightOrWrong(20, 12, 5, 20);
    assert.notEqual(p(rows, 1), p(rows, 2));
  });

  it('takes a difference of nothing for none', () => {
    const nothing = [
      { got: 0, of: 0 },
      { got: 0, of: 1 },
    ];
    assert.equal(p([nothing, nothing]), 1);
  });

  it("agrees with McNemar's test on what is right or wrong", () => {
    for (const [first, second] of [
      [60, 40],
      [30, 10],
      [25, 25],
      [12, 29],
    ] as const) {
      const exact = mcnemar(first, second).pValue;
      const found = p(rightOrWrong(50, first, second, 50));
      assert.ok(Math.abs(found - exact) < 0.03, `${first}:${second}: ${found}, not ${exact}`);
    }
  });

  it('gives any p as often as another where there is no difference', () => {
    // Parts of two equally good models, by a generator of its own.
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const part = () => {
      const of = 2 + Math.floor(random() * 4);
      return { got: Math.floor(random() * (of + 1)), of };
    };
    const found = Array.from({ length: 200 }, (_, seed) =>
      p(
        Array.from({ length: 60 }, () => [part(), part()]),
        seed,
      ),
    ).sort((a, b) => a - b);
    // Kolmogorov and Smirnov: 1.63 / √200 is exceeded once in a hundred times.
    const distance = Math.max(...found.map((value, at) => Math.abs(value - (at + 0.5) / 200)));
    assert.ok(distance < 0.115, `${distance}`);
  });

  it('takes fewer resamples of more examples, and never fewer than a thousand', () => {
    assert.deepEqual(
      [0, 300, 10_000, 20_000, 1_000_000].map(resamplesFor),
      [10_000, 10_000, 10_000, 5_000, 1_000],
    );
  });
});
