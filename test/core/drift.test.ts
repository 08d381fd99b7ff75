import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { classDistance } from '../../core/drift/classDistance.ts';
import { holdOfDrift } from '../../core/drift/drift.ts';
import type { DriftFigures } from '../../core/drift/driftFigures.ts';
import { driftSpec } from '../../core/drift/driftSpec.ts';
import { randomFrom } from '../../core/random.ts';
import { wilson } from '../../core/statistics.ts';
import type { RoundSummary } from '../../core/status.ts';

const bounds = driftSpec.parse({});

/** Rounds whose new models came to these values. */
const rounds = (values: (number | null)[], drifts: DriftFigures[] = []): RoundSummary[] =>
  values.map((semievol, index) => ({
    ...{ round: index + 1, metric: 'accuracy', selected: 100, promoted: false, champion: 'old' },
    values: { base: 0.5, sft: 0.6, semievol },
    drift: drifts[index] ?? {},
  }));
const holdOf = (latest: RoundSummary[], more: object = {}) =>
  holdOfDrift('tickets', latest, driftSpec.parse(more), 5);

describe('the distance of classes', () => {
  const counts = fc.array(fc.nat(50), { minLength: 2, maxLength: 8 });

  it('is the total variation, the same either way', () => {
    assert.equal(classDistance([5, 5], [90, 10], 1)?.distance, 0.4);
    assert.equal(classDistance([0, 0], [90, 10], 1), undefined);
    fc.assert(
      fc.property(counts, counts, fc.nat(), (a, b, seed) => {
        const [one, other] = [a, a.map((_, index) => b[index] ?? 0)] as const;
        const there = classDistance(one, other, seed);
        if (there === undefined) return;
        assert.ok(there.distance >= 0 && there.distance <= 1 + 1e-9);
        const back = classDistance(other, one, seed)!;
        assert.ok(Math.abs(there.distance - back.distance) < 1e-9);
        assert.deepEqual(classDistance(one, other, seed), there);
      }),
      { numRuns: 20 },
    );
  });

  it('is within what chance does in about 99 of 100 draws of the same, and not where they differ', () => {
    const random = randomFrom(7);
    const drawn = (size: number, classes: number[]) => {
      const got = [0, 0, 0, 0];
      for (let time = 0; time < size; time++)
        got[classes[Math.floor(random() * classes.length)]!]!++;
      return got;
    };
    const even = [0, 1, 2, 3];
    const beyond = (classes: number[]) =>
      Array.from({ length: 100 }, (_, seed) =>
        classDistance(drawn(40, even), drawn(300, classes), seed),
      ).filter((one) => one!.distance > one!.byChance).length;
    assert.ok(beyond(even) <= 5);
    assert.ok(beyond([0, 0, 0, 0, 0, 0, 0, 1, 2, 3]) >= 95);
  });
});

describe('a run that drifts', () => {
  it('is held where classes lie beyond both bound and chance', () => {
    const at = (distance: number, byChance: number) =>
      holdOf(rounds([0.6], [{ classes: { distance, byChance } }]));
    assert.equal(at(0.2, 0.1), undefined);
    assert.equal(at(0.3, 0.3), undefined);
    const hold = at(0.3, 0.1);
    assert.deepEqual([hold?.since, hold?.warning], [5, 'Drift']);
    assert.match(hold!.why, /^after round 1 the classes of the selected lie 30\.0 %/);
    assert.match(hold!.why, /"semievol resume tickets" goes on with the next round$/);
  });

  it('is held where audited precision falls beyond bound and chance', () => {
    const from = (...[then, now]: [number, number][]) =>
      holdOf(rounds([0.6, 0.6], [{ precision: wilson(...then!) }, { precision: wilson(...now!) }]));
    assert.match(
      from([95, 100], [75, 100])!.why,
      /75\.0 % of the kept labels are right by labelled examples, where it was 95\.0 %/,
    );
    assert.equal(from([19, 20], [15, 20]), undefined, 'it may be chance');
    assert.equal(from([9500, 10_000], [9200, 10_000]), undefined, 'it is within the bound');
    assert.equal(from([75, 100], [95, 100]), undefined, 'it rises');
    assert.equal(holdOf(rounds([0.6, 0.6], [{ precision: wilson(95, 100) }])), undefined);
  });

  it('is held where new models get worse two rounds running', () => {
    assert.match(
      holdOf(rounds([0.9, 0.8, 0.7, 0.6]))!.why,
      /got worse two rounds running: accuracy 80\.0 %, 70\.0 %, 60\.0 %/,
    );
    for (const values of [
      [0.8, 0.7],
      [0.7, 0.8, 0.7],
      [0.8, 0.7, 0.7],
      [0.8, 0.796, 0.791],
    ])
      assert.equal(holdOf(rounds(values)), undefined, `${values}`);
    assert.notEqual(holdOf(rounds([0.8, 0.796, 0.791]), { accuracyLoss: 0 }), undefined);
    assert.equal(holdOf(rounds([0.8, null, 0.6])), undefined, 'one was not graded');
  });

  it('is held by nothing where the spec says nothing, or no round has ended', () => {
    assert.equal(holdOfDrift('tickets', rounds([0.9, 0.8, 0.7]), undefined, 5), undefined);
    assert.equal(holdOfDrift('tickets', [], bounds, 5), undefined);
  });

  it('tells all there is to tell at once', () => {
    const drifts = [{}, {}, { classes: { distance: 0.5, byChance: 0.1 } }];
    assert.match(holdOf(rounds([0.9, 0.8, 0.7], drifts))!.why, /classes .*; the new models /);
  });
});
