import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { expectedCutoff, rowsForExpected } from '../../../core/selection/calibration/expected.ts';
import {
  guaranteedCutoff,
  rowsForGuaranteed,
} from '../../../core/selection/calibration/guaranteed.ts';

/** Few different scores, so that many are equal. */
const score = fc.integer({ min: 0, max: 8 });
const calibrationRows = fc.array(fc.record({ score, right: fc.boolean() }), { maxLength: 60 });
const unlabelledScores = fc
  .array(score, { maxLength: 60 })
  .map((scores) => Float64Array.from(scores).sort());
const share = fc.double({ min: 0.01, max: 0.9, noNaN: true });
const delta = fc.double({ min: 0.01, max: 0.3, noNaN: true });

const spotless = (rows: number) => Array.from({ length: rows }, () => ({ score: 0, right: true }));
const atOrBelow = (scores: Float64Array, cutoff: number) =>
  scores.filter((one) => one <= cutoff).length;

describe('a cut-off of an expected error', () => {
  it('is the loosest of which m (1 + e) / ((1 + n) k) is at most the error', () => {
    fc.assert(
      fc.property(calibrationRows, unlabelledScores, share, (calibration, scores, error) => {
        const stated = (cutoff: number) => {
          const wrong = calibration.filter((row) => !row.right && row.score <= cutoff).length;
          const kept = atOrBelow(scores, cutoff);
          return (scores.length * (1 + wrong)) / ((1 + calibration.length) * kept);
        };
        const allowed = [...scores].filter((cutoff) => stated(cutoff) <= error);
        const cutoff = allowed.length > 0 ? Math.max(...allowed) : null;
        assert.deepEqual(
          expectedCutoff(calibration, scores, error),
          cutoff === null
            ? { cutoff, kept: 0, error: null }
            : { cutoff, kept: atOrBelow(scores, cutoff), error: stated(cutoff) },
        );
      }),
    );
  });

  it('keeps half of a pool surer than every wrong row with so many rows, not with one fewer', () => {
    const pool = Float64Array.from({ length: 100 }, (_, index) => index);
    const wrong = Array.from({ length: 5 }, () => ({ score: 50, right: false }));
    const kept = (rows: number) =>
      expectedCutoff([...spotless(rows - wrong.length), ...wrong], pool, 0.05).kept;
    assert.equal(rowsForExpected(0.05), 39);
    assert.deepEqual([kept(39), kept(38)], [50, 0]);
  });
});

describe('a cut-off of a guaranteed error', () => {
  it('needs 45 spotless rows for 5 % at a delta of 0.1, and 59 at 0.05, of a large pool', () => {
    const pool = new Float64Array(1_000_000);
    for (const [delta, rows] of [
      [0.1, 45],
      [0.05, 59],
    ] as const) {
      assert.equal(rowsForGuaranteed(0.05, delta), rows);
      assert.equal(guaranteedCutoff(spotless(rows - 1), pool, 0.05, delta).cutoff, null);
      const { cutoff, kept, bound, ...calibration } = guaranteedCutoff(
        ...([spotless(rows), pool, 0.05, delta] as const),
      );
      assert.deepEqual({ cutoff, kept }, { cutoff: 0, kept: pool.length });
      assert.deepEqual(calibration, { rows, wrong: 0 });
      assert.ok(bound! <= 0.05 && bound! > 0.049, `${bound}`);
    }
  });

  it('states no more than was wished, of what it keeps', () => {
    fc.assert(
      fc.property(
        ...([calibrationRows, unlabelledScores, share, delta] as const),
        (calibration, scores, error, delta) => {
          const found = guaranteedCutoff(calibration, scores, error, delta);
          const { cutoff, kept, rows, wrong, bound } = found;
          if (cutoff === null)
            assert.deepEqual(found, { cutoff, kept: 0, rows: 0, wrong: 0, bound: null });
          else {
            assert.equal(kept, atOrBelow(scores, cutoff));
            const within = calibration.filter((row) => row.score <= cutoff);
            assert.equal(rows, within.length);
            assert.equal(wrong, within.filter(({ right }) => !right).length);
            assert.ok(bound! <= error + 1e-9, `${bound} is above ${error}`);
            assert.ok(bound! >= wrong / rows - 1 / kept, 'it is not below what was seen');
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('stops at the first that fails, whatever would come after it', () => {
    // Ten wrong ones among the rows of the score 1, and then so many right ones that all would pass.
    const rows = (score: number, count: number, right: boolean) =>
      Array.from({ length: count }, () => ({ score, right }));
    const calibration = [...rows(0, 100, true), ...rows(1, 10, false), ...rows(2, 1_000, true)];
    const pool = new Float64Array([
      ...Array(400).fill(0),
      ...Array(20).fill(1),
      ...Array(580).fill(2),
    ]);
    assert.equal(guaranteedCutoff(calibration, pool, 0.05, 0.1).cutoff, 0);
    const without = calibration.filter(({ score }) => score !== 1);
    assert.equal(guaranteedCutoff([...without, ...rows(2, 10, false)], pool, 0.05, 0.1).cutoff, 2);
  });

  it('begins neither where no row could pass, nor where one wrong row ends it though there are many', () => {
    const scores = Float64Array.from({ length: 1_000 }, (_, index) => index);
    const calibration = Array.from({ length: 500 }, (_, index) => ({
      score: 2 * index,
      right: index !== 10,
    }));
    const { kept, wrong } = guaranteedCutoff(calibration, scores, 0.05, 0.1);
    assert.deepEqual({ kept, wrong }, { kept: 1_000, wrong: 1 });
  });

  it('leaves out of the sequence what could not pass: cut-offs of a small pool with no rows as sure', () => {
    const pool = Float64Array.from({ length: 20 }, (_, index) => index - 1);
    const { kept, bound } = guaranteedCutoff(spotless(200), pool, 0.05, 0.1);
    assert.deepEqual({ kept, bound }, { kept: 20, bound: 0 });
  });
});
