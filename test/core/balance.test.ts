import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Balance, balanced, balanceOf, quotas } from '../../core/selection/balance.ts';
import { Pool } from '../../core/selection/pool.ts';
import { weightAt } from '../../core/selection/weights.ts';

const NO_LIMIT = Number.MAX_SAFE_INTEGER;
const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);

/** How many there are of each class, and shares of them. */
const classCount = fc.integer({ min: 1, max: 8 });
const countsOf = (length: number) =>
  fc.array(fc.nat({ max: 60 }), { minLength: length, maxLength: length });
const countsAndShares = classCount.chain((length) =>
  fc.record({ counts: countsOf(length), shares: countsOf(length) }),
);
const most = fc.oneof(fc.nat({ max: 200 }), fc.constant(NO_LIMIT));

describe('the quotas of a balance', () => {
  it('are the whole of each class where there is none', () => {
    assert.deepEqual(quotas([30, 7, 0], 'none', NO_LIMIT), [30, 7, 0]);
  });

  it('are an even share of all, at the most, with a cap', () => {
    assert.deepEqual(quotas([30, 7, 11], 'cap', NO_LIMIT), [16, 7, 11]);
    assert.deepEqual(quotas([30, 7, 11], 'cap', 10), [4, 4, 4]);
  });

  it('have the shares that are given, of what each class has', () => {
    assert.deepEqual(quotas([30, 7, 20], { shares: [1, 1, 1] }, NO_LIMIT), [7, 7, 7]);
    assert.deepEqual(quotas([30, 7, 20], { shares: [2, 1, 1] }, NO_LIMIT), [14, 7, 7]);
    assert.deepEqual(quotas([30, 7, 20], { shares: [0.5, 0.3, 0.2] }, 10), [5, 3, 2]);
    assert.deepEqual(quotas([3, 3, 3], { shares: [0.1, 0.1, 0.1] }, NO_LIMIT), [3, 3, 3]);
  });

  it('leave classes out of which there is none, or none is wanted', () => {
    assert.deepEqual(quotas([10, 0, 20], { shares: [1, 5, 2] }, NO_LIMIT), [10, 0, 20]);
    assert.deepEqual(quotas([10, 5, 20], { shares: [1, 0, 1] }, NO_LIMIT), [10, 0, 10]);
    assert.deepEqual(quotas([0, 5], { shares: [1, 0] }, NO_LIMIT), [0, 0]);
  });

  it('are within one row of the shares, of no more than there is, and add up to a whole', () => {
    fc.assert(
      fc.property(countsAndShares, most, ({ counts, shares }, limit) => {
        const parts = quotas(counts, { shares }, limit);
        const whole = sum(parts);
        assert.ok(whole <= limit);
        const wanted = shares.map((share, index) => (counts[index]! > 0 ? share : 0));
        for (const [index, part] of parts.entries()) {
          assert.ok(Number.isInteger(part) && part >= 0 && part <= counts[index]!);
          if (sum(wanted) > 0)
            assert.ok(Math.abs(part - (whole * wanted[index]!) / sum(wanted)) < 1 + 1e-9);
        }
        // One more of the whole would take more of a class than it has, or pass the limit.
        if (sum(wanted) === 0) return;
        const next = whole + 1;
        const isFull = wanted.some(
          (share, index) => share > 0 && (next * share) / sum(wanted) > counts[index]! - 1e-9,
        );
        assert.ok(isFull || next > limit);
      }),
    );
  });

  it('never come to less where there is more', () => {
    fc.assert(
      fc.property(countsAndShares, most, fc.nat(), ({ counts, shares }, limit, place) => {
        const some = counts.map((count) => count + 1); // so that none is left out
        const more = some.with(place % some.length, some[place % some.length]! + 1);
        for (const balance of ['cap', 'none', { shares }] as Balance[])
          assert.ok(sum(quotas(more, balance, limit)) >= sum(quotas(some, balance, limit)));
      }),
    );
  });
});

describe('a balanced selection', () => {
  const rows = fc.array(fc.record({ classIndex: fc.nat({ max: 3 }), kept: fc.boolean() }));
  const balances: Balance[] = ['none', 'cap', { shares: [1, 2, 3, 0] }];

  it('is of what the rule keeps alone, the surest of each class, in their order', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(...balances), most, (given, balance, limit) => {
        const order = Uint32Array.from(given.keys()).filter((index) => given[index]!.kept);
        const classes = Int32Array.from(given, ({ classIndex }) => classIndex);
        const chosen = balanced(order, { classes, classCount: 4, balance, most: limit });
        assert.ok(chosen.length <= limit);
        const places = [...chosen].map((ordinal) => order.indexOf(ordinal));
        assert.ok(places.every((place, index) => place > (places[index - 1] ?? -1)));
        for (let one = 0; one < 4; one++) {
          const ofClass = order.filter((ordinal) => classes[ordinal] === one);
          const taken = chosen.filter((ordinal) => classes[ordinal] === one);
          assert.deepEqual(taken, ofClass.slice(0, taken.length));
        }
      }),
    );
  });

  it('takes as many of each class as its quota', () => {
    const classes = Int32Array.from([0, 0, 0, 1, 0, 1, 2, 0]);
    const order = Uint32Array.from([7, 6, 5, 4, 3, 2, 1, 0]);
    const taken = (balance: Balance, limit = NO_LIMIT) => [
      ...balanced(order, { classes, classCount: 3, balance, most: limit }),
    ];
    assert.deepEqual(taken('none', 2), [7, 6]);
    assert.deepEqual(taken('cap'), [7, 6, 5, 4, 3, 2]);
    assert.deepEqual(taken({ shares: [2, 1, 1] }), [7, 6, 5, 4]);
  });

  it('has the shares of the labelled examples, or those that are given', () => {
    assert.deepEqual(balanceOf('prior', ['a', 'b'], [3, 9]), { shares: [3, 9] });
    assert.deepEqual(balanceOf({ b: 0.5 }, ['a', 'b'], [3, 9]), { shares: [0, 0.5] });
    assert.equal(balanceOf('cap', ['a', 'b'], [3, 9]), 'cap');
  });
});

describe('a pool', () => {
  const pool = new Pool(6);
  const put = (ordinal: number, score: number | null, isKept: boolean) =>
    pool.set(ordinal, { score, isKept, classIndex: 0 });
  put(0, 0.5, true);
  put(1, null, true);
  put(2, 0.1, false);
  put(4, 0.5, false);
  put(5, 0.2, true);

  it('has what is kept, the surest first, and last what has no score', () => {
    assert.deepEqual([...pool.kept()], [5, 0, 1]);
  });

  it('has what has a score, whether it is kept or not, but nothing without a label', () => {
    assert.deepEqual([...pool.scored()], [2, 5, 0, 4]);
  });

  it('has, once the rule is loosened, the kept before the others', () => {
    assert.deepEqual([...pool.loosened()], [5, 0, 1, 2, 4]);
  });
});

describe('the weight of what is selected', () => {
  it('goes down in equal parts to one', () => {
    const weights = (count: number, heaviest: number) =>
      Array.from({ length: count }, (_, place) => weightAt(place, count, heaviest));
    assert.deepEqual(weights(6, 3), [3, 3, 2, 2, 1, 1]);
    assert.deepEqual(weights(4, 1), [1, 1, 1, 1]);
    assert.deepEqual(weights(2, 5), [5, 3]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 20 }),
        (n, heaviest) => {
          const all = weights(n, heaviest);
          assert.equal(all[0], heaviest);
          assert.ok(
            all.every((weight, place) => weight >= 1 && weight <= (all[place - 1] ?? heaviest)),
          );
        },
      ),
    );
  });
});
