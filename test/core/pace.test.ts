import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { latterHalf, type Reading, rateBetween, secondsLeft } from '../../core/pace.ts';
import { roughly } from '../../core/report/format.ts';

const START = 1_700_000_000_000;
const reading = (seconds: number, done: number): Reading => ({ at: START + 1_000 * seconds, done });
const FIRST = reading(0, 0);

/** Estimates after each second of a phase that has done so many by then. */
function estimates(doneAt: (second: number) => number, seconds: number, total: number) {
  let readings: readonly Reading[] = [FIRST];
  return Array.from({ length: seconds }, (_, index) => {
    const now = reading(index + 1, doneAt(index + 1));
    readings = latterHalf(readings, FIRST.at, now);
    return { kept: readings.length, left: secondsLeft(readings[0]!, now, total) };
  });
}

describe('the time left', () => {
  it('is unknown until enough is seen, and where nothing is left', () => {
    assert.equal(secondsLeft(FIRST, reading(60, 3), 100), undefined, 'three done may be chance');
    assert.equal(secondsLeft(FIRST, reading(3, 50), 100), undefined, 'as may three seconds');
    assert.equal(secondsLeft(FIRST, reading(0, 0), 100), undefined);
    assert.equal(secondsLeft(FIRST, reading(10, 100), 100), undefined);
    assert.equal(secondsLeft(FIRST, reading(10, 50), 0), undefined, 'the total is unknown');
    assert.equal(rateBetween(reading(10, 50), reading(20, 40)), undefined, 'it was begun anew');
  });

  it('goes by the rate', () => {
    assert.equal(rateBetween(reading(10, 20), reading(20, 70)), 5);
    assert.equal(secondsLeft(reading(10, 20), reading(20, 70), 170), 20);
  });

  it('is right from then on of what goes at one rate, as the work comes in groups', () => {
    fc.assert(
      fc.property(
        fc.record({
          rate: fc.integer({ min: 1, max: 50 }),
          group: fc.integer({ min: 1, max: 32 }),
        }),
        ({ rate, group }) => {
          const total = 400 * rate;
          const doneAt = (second: number) => group * Math.floor((second * rate) / group);
          const all = estimates(doneAt, 300, total);
          for (const [index, { left }] of all.entries()) {
            const second = index + 1;
            // Of the half that counts, a group more or less at both of its ends.
            const seen = Math.floor(second / 2) * rate;
            if (second < 10 || seen < 6 * group) continue;
            const wrong = Math.abs(left! - (400 - second)) / (400 - second + group / rate);
            assert.ok(wrong < 0.5, `${left} s at ${second} s`);
          }
        },
      ),
    );
  });

  it('follows a rate that changes, within as much time again', () => {
    // Twenty a minute for a minute, then two hundred.
    const doneAt = (second: number) =>
      second <= 60 ? second / 3 : 20 + ((second - 60) * 200) / 60;
    const { left } = estimates(doneAt, 120, 1_000).at(-1)!;
    assert.ok(Math.abs(left! - (1_000 - 220) / (200 / 60)) < 2, `${left}`);
  });

  it('grows where nothing moves any more', () => {
    const stuck = estimates((second) => Math.min(second, 60), 100, 100);
    const [at60, at70, at100] = [60, 70, 100].map((second) => stuck[second - 1]!.left!);
    assert.ok(at60! < at70! && at70! < at100!);
  });

  it('is told from few readings, however long it goes on', () => {
    const kept = estimates((second) => second, 20_000, 40_000).map((one) => one.kept);
    assert.ok(Math.max(...kept) < 110, `${Math.max(...kept)} readings`);
  });

  it('is said as exactly as it can be known', () => {
    const said = [0.2, 13, 57.6, 97, 598, 1_499, 5_000].map(roughly);
    assert.deepEqual(said, [
      ...['5 s', '15 s', '1 min', '1 min 40 s', '10 min'],
      ...['25 min', '1 h 23 min'],
    ]);
  });
});
