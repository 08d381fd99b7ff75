import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { bandOf } from '../../../core/selection/calibration/band.ts';
import { auroc, precisionAt } from '../../../core/selection/calibration/ranking.ts';
import { calibrationError, reliability } from '../../../core/selection/calibration/reliability.ts';
import { drawsOf, wrongAmong } from '../../support/draws.ts';

const rowsOf = (scores: number[], right: string) =>
  scores.map((score, index) => ({ score, right: right[index] === '+' }));
const rows = fc.array(fc.record({ score: fc.integer({ min: 0, max: 9 }), right: fc.boolean() }), {
  minLength: 1,
  maxLength: 40,
});
const near = (actual: number, wanted: number) =>
  assert.ok(Math.abs(actual - wanted) < 1e-12, `${actual} is not ${wanted}`);

describe('the AUROC of a score', () => {
  it('is the share of pairs in which the right row is surer, ties half', () => {
    assert.equal(auroc(rowsOf([1, 2, 3, 4], '++--')), 1);
    assert.equal(auroc(rowsOf([1, 2, 3, 4], '--++')), 0);
    assert.equal(auroc(rowsOf([1, 1, 1], '+-+')), 0.5);
    assert.equal(auroc(rowsOf([1, 2], '++')), null);
    assert.equal(auroc([]), null);
    fc.assert(
      fc.property(rows, (all) => {
        const [right, wrong] = [true, false].map((kind) => all.filter((row) => row.right === kind));
        if (right!.length === 0 || wrong!.length === 0) return assert.equal(auroc(all), null);
        const won = right!.flatMap((a) =>
          wrong!.map((b) => (a.score < b.score ? 1 : a.score === b.score ? 0.5 : 0)),
        );
        near(auroc(all)!, won.reduce<number>((sum, one) => sum + one, 0) / won.length);
      }),
    );
  });
});

describe('the precision at a coverage', () => {
  it('is the share of right ones among the surest', () => {
    const all = rowsOf([4, 1, 3, 2], '-+-+');
    assert.deepEqual(
      [0.25, 0.5, 0.75, 1].map((part) => precisionAt(all, part)),
      [1, 1, 2 / 3, 0.5],
    );
    assert.equal(precisionAt([], 0.5), null);
  });

  it('takes of equal scores what any order would give', () => {
    assert.equal(precisionAt(rowsOf([1, 2, 2, 2], '+-+-'), 0.5), (1 + 1 / 3) / 2);
    fc.assert(
      fc.property(rows, (all) => {
        near(precisionAt(all, 1)!, all.filter(({ right }) => right).length / all.length);
        const even = all.map((row) => ({ ...row, score: 0 }));
        near(precisionAt(even, 0.3)!, precisionAt(all, 1)!);
      }),
    );
  });
});

describe('the reliability of a confidence', () => {
  it('is what is right of as confident labels', () => {
    const claims = [
      { confidence: 1, right: true },
      { confidence: 0.95, right: false },
      { confidence: 0.9, right: true },
      { confidence: 0.05, right: false },
    ];
    const [low, high, ...more] = reliability(claims);
    assert.deepEqual(more, []);
    assert.deepEqual(low, { from: 0, to: 0.1, rows: 1, confidence: 0.05, accuracy: 0 });
    near(high!.confidence, 0.95);
    assert.deepEqual([high!.from, high!.to, high!.rows, high!.accuracy], [0.9, 1, 3, 2 / 3]);
    near(calibrationError([low!, high!])!, 0.25 * 0.05 + 0.75 * (0.95 - 2 / 3));
    assert.equal(calibrationError(reliability([])), null);
  });

  it('has every label in one bin', () => {
    const claim = fc.record({
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      right: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(claim), (claims) => {
        const bins = reliability(claims);
        assert.equal(
          bins.reduce((sum, bin) => sum + bin.rows, 0),
          claims.length,
        );
        for (const { from, to, confidence } of bins)
          assert.ok(from <= confidence + 1e-12 && confidence <= to + 1e-12);
      }),
    );
  });
});

describe('the band of precision against coverage', () => {
  const DELTA = 0.1;

  it('lies below the precision of the unlabelled everywhere, in nine of ten draws', () => {
    let broken = 0;
    let least = 0;
    const sizes = { rows: 60, unlabelled: 100, draws: 100, seed: 5 };
    for (const { calibration, unlabelled, scores } of drawsOf(
      ...([{ accuracy: 0.7, separation: 1.5 }, sizes] as const),
    )) {
      const band = bandOf(calibration, scores, { delta: DELTA, seed: 1 });
      const isBroken = band.some(
        (point) => 1 - wrongAmong(unlabelled, Math.round(point.coverage * 100)) < point.least,
      );
      if (isBroken) broken++;
      least += band[9]!.least / 100;
    }
    assert.ok(broken <= 12, `broken in ${broken} of 100`);
    assert.ok(least > 0.7, `and not by saying nothing: ${least} at half`);
  });

  it('has points where scores differ, and the last holds all', () => {
    const calibration = rowsOf([0, 0, 1, 1], '+-+-');
    const band = bandOf(calibration, Float64Array.of(0, 0, 0, 0, 1), { delta: DELTA, seed: 0 });
    assert.deepEqual(
      band.map(({ coverage, precision }) => [coverage, precision]),
      [
        [0.8, 0.5],
        [1, 0.5],
      ],
    );
    assert.deepEqual(bandOf(calibration, new Float64Array(0), { delta: DELTA, seed: 0 }), []);
    const [point] = bandOf([], Float64Array.of(1), { delta: DELTA, seed: 0 });
    assert.deepEqual(point, { coverage: 1, precision: null, least: 0 });
  });
});
