import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { CutOff, disagreementOf, Foremost, spread } from '../../../core/review/ranking.ts';

const sorted = (scores: number[]) => Float64Array.from(scores).sort();

describe('The ranking for review', () => {
  it('finds how near a score is to the cut-off, by rank', () => {
    const cutOff = new CutOff(sorted([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), 2);
    const nearness = [0.1, 0.2, 0.3, 0.4, 0.6, 9].map((score) => cutOff.nearness(score));
    assert.deepEqual(nearness, [0.75, 1, 1, 0.75, 0.25, 0]);
    assert.equal(new CutOff(sorted([]), 0).nearness(0.5), 0);
    assert.equal(new CutOff(sorted([0, 0, 0, 0]), 2).nearness(0), 1, 'ties go by the nearest');
  });

  it('is never farther from the cut-off the nearer a score is to it', () => {
    const scores = fc.array(fc.float({ noNaN: true, min: 0, max: 1 }), { minLength: 1 });
    fc.assert(
      fc.property(scores, fc.nat(), (given, at) => {
        const ranked = sorted(given);
        const kept = at % (ranked.length + 1);
        const cutOff = new CutOff(ranked, kept);
        const nearness = [...ranked].map((score) => cutOff.nearness(score));
        for (const [place, near] of nearness.entries()) {
          assert.ok(near >= 0 && near <= 1);
          if (place > 0 && place < kept) assert.ok(near >= nearness[place - 1]!);
          if (place > kept) assert.ok(near <= nearness[place - 1]!);
        }
        assert.equal(Math.max(...nearness), 1);
      }),
    );
  });

  it('counts who is not behind the label as disagreement, and all where there is none', () => {
    const of = (label: string | null, votes: number) =>
      disagreementOf({ label, votes, collaborators: 4 });
    assert.deepEqual([of('a', 4), of('a', 3), of('a', 1), of(null, 0)], [0, 0.25, 0.75, 1]);
  });

  it('keeps the foremost of any number', () => {
    const order = (a: number, b: number) => a - b;
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (all, size) => {
        const foremost = new Foremost(size, order);
        for (const one of all) foremost.add(one);
        assert.deepEqual(foremost.all(), all.toSorted(order).slice(0, size));
      }),
    );
  });

  it('takes from each cluster in turn, and from each its foremost first', () => {
    const all = ['a1', 'a2', 'a3', 'b1', 'a4', 'c1', 'b2'];
    assert.deepEqual(
      spread(all, (one) => one[0], 5),
      ['a1', 'b1', 'c1', 'a2', 'b2'],
    );
    assert.deepEqual(spread(all, (one) => one[0], 99).toSorted(), all.toSorted());
    assert.deepEqual(
      spread([], () => 0, 3),
      [],
    );
  });
});
