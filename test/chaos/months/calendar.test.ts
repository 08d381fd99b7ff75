import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { waitingTime } from '../../../core/living/next.ts';
import {
  beginLedger,
  type Delivery,
  drawCalendar,
  enter,
  firstNext,
  rowOf,
  type Turn,
  WAYS,
} from './calendar.ts';
import { Ledger } from './ledger.ts';

const WHOLE = { rounds: 50, segments: 120, deploys: 3, kills: 8, serverRestarts: 3 };
const SHORT = { rounds: 5, segments: 12, deploys: 1, kills: 1, serverRestarts: 1 };
const SEEDS = [1, 2, 3, 4, 5];

const deliveriesOf = (turns: readonly Turn[]) =>
  turns.flatMap(({ before, during }) => [...before, ...during]);

describe('the calendar of two months', () => {
  it('follows from its seed', () => {
    assert.deepEqual(drawCalendar({ ...WHOLE, seed: 1 }), drawCalendar({ ...WHOLE, seed: 1 }));
    assert.notDeepEqual(drawCalendar({ ...WHOLE, seed: 1 }), drawCalendar({ ...WHOLE, seed: 2 }));
  });

  for (const options of [WHOLE, SHORT])
    it(`has all that is asked for: ${options.rounds} rounds`, () => {
      for (const seed of SEEDS) {
        const turns = drawCalendar({ ...options, seed });
        const deliveries = deliveriesOf(turns);
        assert.equal(turns.length, options.rounds);
        assert.deepEqual(
          deliveries.map(({ number }) => number),
          deliveries.map((_, index) => index + 1),
        );
        assert.equal(deliveries.length, options.segments);
        assert.deepEqual(new Set(deliveries.map(({ way }) => way)), new Set(WAYS));
        assert.deepEqual(
          new Set(deliveries.map(({ kind }) => kind)),
          new Set(['labelled', 'unlabelled', 'test', 'withdrawn', 'wrong']),
        );
        const harm = turns.flatMap((turn) => turn.harm);
        const count = (kind: string) => harm.filter((one) => one.kind === kind).length;
        assert.deepEqual(
          [count('deploy'), count('worker'), count('server'), count('away')],
          [options.deploys, options.kills, options.serverRestarts, 1],
        );
        const words = turns.flatMap(({ word }) => word ?? []);
        const twice = options.rounds === 50 ? 2 : 1;
        assert.deepEqual(words, Array(twice).fill(['promote', 'rollback']).flat());
        assert.ok(turns.some(({ isReviewed }) => isReviewed));
      }
    });

  it('lets a round begin by number with its last delivery and by no other, whatever people review', () => {
    for (const seed of SEEDS) {
      let next = firstNext(WHOLE.rounds);
      let early: Delivery[] = [];
      const ledger = beginLedger();
      for (const turn of drawCalendar({ ...WHOLE, seed })) {
        const came = { labelled: turn.isReviewed ? 4 : 0, unlabelled: 0, test: 0 };
        const since = { at: 0, counts: { labelled: 0, unlabelled: 0, test: 0 } };
        const isDue = () => waitingTime(next, since, came, 1) === 0;
        const all = [...early, ...turn.before];
        for (const [place, delivery] of all.entries()) {
          if (turn.next && place === all.length - 1) next = turn.next;
          const { size } = ledger.of('unlabelled');
          enter(ledger, delivery);
          if (delivery.kind === 'labelled') came.labelled += delivery.rows.length;
          if (delivery.kind === 'unlabelled')
            came.unlabelled += ledger.of('unlabelled').size - size;
          const isLast = place === all.length - 1;
          if (turn.begins === 'number' && isLast) assert.ok(isDue(), `round ${turn.round}`);
          else if (next.afterHours === undefined) assert.ok(!isDue(), `round ${turn.round}`);
          else assert.ok(turn.isHeld || turn.next, `round ${turn.round}`);
        }
        early = turn.during;
      }
    }
  });
});

describe('the ledger', () => {
  it('keeps to the rules of data that arrive', () => {
    const ledger = new Ledger();
    const [a, b, c] = [rowOf(0), rowOf(1), rowOf(2)];
    const deliveries: Delivery[] = [
      { number: 1, way: 'client', kind: 'unlabelled', rows: [a, b] },
      { number: 2, way: 'client', kind: 'labelled', rows: [a] },
      { number: 3, way: 'client', kind: 'labelled', rows: [{ ...a, answer: 'other' }] },
      { number: 4, way: 'client', kind: 'test', rows: [b, c] },
      { number: 5, way: 'client', kind: 'labelled', rows: [c] },
    ];
    for (const one of deliveries) enter(ledger, one);
    assert.deepEqual([...ledger.of('labelled')], [[a.question, 'other']]);
    assert.deepEqual([...ledger.of('unlabelled').keys()], [b.question]);
    assert.deepEqual([...ledger.of('test').keys()], [c.question]);
    enter(ledger, { number: 6, way: 'client', kind: 'wrong', of: 3 });
    assert.deepEqual([...ledger.of('labelled')], [[a.question, a.answer]]);
    enter(ledger, { number: 7, way: 'client', kind: 'withdrawn', rows: [a] });
    enter(ledger, { number: 8, way: 'client', kind: 'labelled', rows: [a] });
    assert.deepEqual([...ledger.of('labelled')], []);
  });
});
