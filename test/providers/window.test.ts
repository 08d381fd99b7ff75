import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { CongestionWindow } from '../../providers/window.ts';

/** Sends a full window and has all of it answered. */
function roundTrip(window: CongestionWindow, isFull = true): void {
  const requests = Array.from({ length: window.size }, () => window.send());
  for (const request of requests) window.answered(request, isFull);
}

/** A window of 50 that has just been refused one more. */
function refusedAt50(): CongestionWindow {
  const window = new CongestionWindow(1000);
  while (window.size < 50) window.answered(window.send(), true);
  window.refused(window.send());
  return window;
}

describe('the congestion window', () => {
  it('grows by about half in a round trip until something is refused, up to its most', () => {
    const window = new CongestionWindow(100);
    const sizes = Array.from({ length: 6 }, () => {
      roundTrip(window);
      return window.size;
    });
    assert.deepEqual(sizes, [24, 36, 54, 81, 100, 100]);
  });

  it('does not grow where nobody waits for room', () => {
    const window = new CongestionWindow(100);
    roundTrip(window, false);
    assert.equal(window.size, 16);
  });

  it('is cut once by all the refusals of one set under way', () => {
    const window = new CongestionWindow(16);
    const requests = Array.from({ length: 16 }, () => window.send());
    for (const request of requests) window.refused(request);
    assert.equal(window.size, 14);
  });

  it('takes no answer to what it sent before it was cut for a word on its size since', () => {
    const window = new CongestionWindow(100);
    const early = Array.from({ length: 16 }, () => window.send());
    window.refused(window.send());
    for (const request of early) window.answered(request, true);
    assert.equal(window.size, 14);
    window.answered(window.send(), true);
    assert.ok(window.size >= 14);
  });

  it('is cut deeper by each further refusal, until something is answered', () => {
    const window = new CongestionWindow(100);
    const sizes = Array.from({ length: 4 }, () => {
      window.refused(window.send());
      return window.size;
    });
    assert.deepEqual(sizes, [14, 10, 7, 5]);
    window.answered(window.send(), false);
    window.refused(window.send());
    assert.equal(window.size, 4, 'by a tenth, and at least by one');
  });

  it('stays near the size that was refused for eight round trips, then probes ever faster', () => {
    const window = refusedAt50();
    assert.equal(window.size, 45);
    const sizes = Array.from({ length: 14 }, () => {
      roundTrip(window);
      return window.size;
    });
    for (const size of sizes.slice(3, 8)) assert.ok(size >= 48 && size <= 50, String(sizes));
    assert.ok(sizes[9]! >= 51 && sizes[9]! <= 53, String(sizes));
    assert.ok(sizes[13]! >= 75, String(sizes));
  });

  it('comes down to any number of places and uses them, at few refusals', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (places) => {
        const window = new CongestionWindow(512);
        let [refused, answered, used, offered] = [0, 0, 0, 0];
        let underWay: number[] = [];
        for (let round = 0; round < 400; round++) {
          const waiting = underWay;
          underWay = [];
          for (const request of waiting) {
            window.answered(request, true);
            answered++;
            while (underWay.length < window.size) {
              const next = window.send();
              if (underWay.length < places) underWay.push(next);
              else {
                window.refused(next);
                refused++;
                break;
              }
            }
          }
          if (underWay.length === 0) underWay.push(window.send());
          if (round >= 100) {
            used += underWay.length;
            offered += places;
          }
        }
        assert.ok(used >= 0.9 * offered, `uses ${used} of ${offered}`);
        assert.ok(refused <= 60 + 0.02 * answered, `${refused} refused, ${answered} answered`);
      }),
    );
  });

  it('stays between one and its most, whatever it is told', () => {
    const outcomes = fc.array(fc.constantFrom('answered', 'refused', 'lost'), { maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), outcomes, fc.boolean(), (most, told, isFull) => {
        const window = new CongestionWindow(most);
        for (const outcome of told) {
          const before = window.size;
          const request = window.send();
          if (outcome === 'answered') window.answered(request, isFull);
          if (outcome === 'refused') window.refused(request);
          assert.ok(window.size >= 1 && window.size <= most);
          if (outcome === 'refused') assert.ok(window.size < before || before === 1);
          else assert.ok(window.size >= before);
        }
      }),
    );
  });
});
