import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { Leases, leaseProblem, MOST_HELD } from '../../../core/review/leases.ts';

const MINUTE = 60_000;
const ranked = (size: number, ranking = 1) => {
  const leases = new Leases();
  leases.renew(ranking, size);
  return leases;
};

describe('Leases of reviews', () => {
  it('give the first ones first, and nobody what another holds', () => {
    const leases = ranked(5);
    assert.deepEqual(leases.lease({ reviewer: 'a', count: 2 }, 0).positions, [0, 1]);
    assert.deepEqual(leases.lease({ reviewer: 'b', count: 2 }, 0).positions, [2, 3]);
    assert.deepEqual(leases.lease({ reviewer: 'c', count: 2 }, 0).positions, [4]);
    assert.deepEqual(leases.lease({ reviewer: 'd', count: 2 }, 0).positions, []);
    assert.deepEqual(leases.held(0), { ranking: 1, positions: [0, 1, 2, 3, 4] });
  });

  it('give who comes back what they hold already, and others for what they are through with', () => {
    const leases = ranked(6);
    leases.lease({ reviewer: 'a', count: 3 }, 0);
    leases.lease({ reviewer: 'b', count: 1 }, 0);
    assert.deepEqual(leases.lease({ reviewer: 'a', count: 3 }, MINUTE).positions, [0, 1, 2]);
    const through = { ranking: 1, positions: [0, 2] };
    const next = leases.lease({ reviewer: 'a', count: 3, through }, 2 * MINUTE);
    assert.deepEqual(next.positions, [1, 4, 5]);
    assert.equal(leases.open, 4);
  });

  it('lease again what was left lying, and never what somebody is through with', () => {
    const leases = ranked(3);
    leases.lease({ reviewer: 'a', count: 3, minutes: 10 }, 0);
    leases.lease(
      { reviewer: 'a', count: 1, minutes: 10, through: { ranking: 1, positions: [1] } },
      MINUTE,
    );
    assert.deepEqual(leases.lease({ reviewer: 'b', count: 3 }, 10 * MINUTE).positions, [2]);
    assert.deepEqual(leases.lease({ reviewer: 'b', count: 3 }, 11 * MINUTE).positions, [0, 2]);
  });

  it('forget what was said of an older ranking', () => {
    const leases = ranked(2);
    leases.lease({ reviewer: 'a', count: 2 }, 0);
    leases.renew(2, 2);
    const through = { ranking: 1, positions: [0, 1] };
    const { ranking, positions } = leases.lease({ reviewer: 'a', count: 2, through }, 0);
    assert.deepEqual([ranking, positions], [2, [0, 1]]);
  });

  it('never give one example to two people at once, whatever they ask for, and go on from their state', () => {
    const request = fc.record({
      reviewer: fc.constantFrom('a', 'b', 'c'),
      count: fc.integer({ min: 1, max: 5 }),
      minutes: fc.integer({ min: 1, max: 4 }),
      through: fc.array(fc.nat(12), { maxLength: 3 }),
      later: fc.nat(3),
      isCarried: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.nat(10), fc.array(request, { maxLength: 25 }), (size, requests) => {
        let leases = ranked(size);
        const holder = new Map<number, { reviewer: string; until: number }>();
        const through = new Set<number>();
        let now = 0;
        for (const { later, isCarried, through: done, ...asked } of requests) {
          now += later * MINUTE;
          if (isCarried) leases = new Leases(JSON.parse(JSON.stringify(leases.state)));
          const given = leases.lease(
            { ...asked, through: { ranking: 1, positions: done } },
            now,
          ).positions;
          for (const position of done.filter((one) => one < size)) through.add(position);
          assert.ok(given.length <= asked.count && new Set(given).size === given.length);
          for (const position of given) {
            const before = holder.get(position);
            assert.ok(position < size && !through.has(position));
            assert.ok(!before || before.reviewer === asked.reviewer || before.until <= now);
            holder.set(position, {
              reviewer: asked.reviewer,
              until: now + asked.minutes * MINUTE,
            });
          }
          assert.equal(leases.open, size - through.size);
          assert.ok(leases.state.held.length <= size);
        }
      }),
    );
  });

  it('are refused without a name, and for more than anybody can look at', () => {
    assert.equal(leaseProblem({ reviewer: 'a', count: MOST_HELD }), undefined);
    assert.match(leaseProblem({ reviewer: ' ', count: 1 })!, /^reviewer:/);
    assert.match(leaseProblem({ reviewer: 'a', count: MOST_HELD + 1 })!, /^count:/);
    assert.match(leaseProblem({ reviewer: 'a', count: 1, minutes: 0.5 })!, /^minutes:/);
    const through = { ranking: 1, positions: [0.5] };
    assert.match(leaseProblem({ reviewer: 'a', count: 1, through })!, /^through:/);
  });
});
