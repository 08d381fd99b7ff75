import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { calibrating, type SelectionNeeds, whyNotChosen } from '../../core/calibrationPlan.ts';
import { FOLDS, foldOf, isHeldOut, placeBelow, placeOf } from '../../core/folds.ts';
import { isAskedIn, type Pass } from '../../core/passes.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const needs = (rule: number, score = 0, isScoreOptional = false): SelectionNeeds => ({
  ...{ rule, score, isScoreOptional },
});
const labelled = (count: number, isJudged = false) => ({ count, isJudged });
const share = 0.3;

describe('which labelled examples calibrate', () => {
  it('is asked of no selection that needs none', () => {
    assert.match(plainReason(needs(0), 1_000), /neither rule nor score/);
  });

  it('is a share that is held out for a rule, and all of them by cross-fitting for a score', () => {
    const rule = calibrating(needs(45), { share }, labelled(150));
    assert.deepEqual(rule, { from: 'held-out', rows: 45, choosing: 0 });
    const score = calibrating(needs(0, 100, true), { share }, labelled(100));
    assert.deepEqual(score, { from: 'cross-fit', rows: 100, choosing: 100 });
    const given = { calibration: 'cross-fit', share } as const;
    assert.deepEqual(calibrating(needs(45), given, labelled(45)), {
      ...{ from: 'cross-fit', rows: 45, choosing: 0 },
    });
  });

  it('are parted where both need some: a choice is not made on what calibrates', () => {
    const both = calibrating(needs(45, 50), { share: 0.5 }, labelled(200));
    assert.deepEqual(both, { from: 'held-out', rows: 100, choosing: 50 });
    // There is nothing to spare for a choice that may be left.
    const auto = calibrating(needs(45, 100, true), { share: 0.5 }, labelled(200));
    assert.deepEqual(auto, { from: 'held-out', rows: 100, choosing: 0 });
  });

  it('are too few, and it is said how many it takes', () => {
    const problem = problemOf(needs(45), 146);
    assert.match(problem, /^selection\.rule needs 147 .*\(45 of them held out, a share of 0\.3\)/);
    assert.match(problem, /there are 146: label more, allow for a larger error, raise/);
    assert.ok('from' in calibrating(needs(45), { share }, labelled(147)));
    assert.match(problemOf(needs(0, 50), 49), /^selection\.score needs 50 labelled examples to/);
    assert.match(problemOf(needs(45, 50), 300), /needs 331 .*\(100 of them held out/);
  });

  it('are gone without where the score may be another', () => {
    assert.match(plainReason(needs(0, 100, true), 40), /^40 .* too few .* takes 100$/);
    const judge = whyNotChosen(needs(0, 100, true), { share }, labelled(500, true));
    assert.match(judge, /^a judge would have to be asked/);
    assert.match(whyNotChosen(needs(45, 100, true), { share }, labelled(40)), /takes 664$/);
  });

  it('are always as many as are needed', () => {
    const some = fc.integer({ min: 0, max: 80 });
    fc.assert(
      fc.property(
        ...[some, some, fc.boolean(), fc.integer({ min: 1, max: 400 })],
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (rule, score, optional, count, part) => {
          const found = calibrating(needs(rule, score, optional), { share: part }, labelled(count));
          if (!('from' in found)) return;
          assert.ok(found.rows - (rule > 0 ? found.choosing : 0) >= rule);
          assert.ok(found.choosing >= score || (optional && found.choosing === 0));
          assert.ok(found.rows <= count);
        },
      ),
    );
  });

  function plainReason(given: SelectionNeeds, count: number): string {
    const found = calibrating(given, { share }, labelled(count));
    return 'reason' in found ? found.reason : assert.fail(JSON.stringify(found));
  }
  function problemOf(given: SelectionNeeds, count: number): string {
    const found = calibrating(given, { share }, labelled(count));
    return 'problem' in found ? found.problem : assert.fail(JSON.stringify(found));
  }
});

describe('what is held out', () => {
  const examples = Array.from({ length: 1_000 }, (_, n) => ({ id: sha256(`${n}`) }));
  const places = Float64Array.from(examples, placeOf).sort();

  it('is as many as are wanted, whichever fold they are of', () => {
    for (const count of [0, 1, 300, 999, 1_000]) {
      const below = placeBelow(places, count);
      assert.equal(examples.filter((one) => isHeldOut(one, below)).length, count);
    }
    const held = examples.filter((one) => isHeldOut(one, placeBelow(places, 300)));
    for (let fold = 0; fold < FOLDS; fold++) {
      const { length } = held.filter((one) => foldOf(one) === fold);
      assert.ok(Math.abs(length - 150) < 40, `${length} of fold ${fold}`);
    }
  });

  it('is asked about in the pass over it, and in no other over the labelled', () => {
    const below = placeBelow(places, 300);
    for (const one of examples) {
      const isHeld = isHeldOut(one, below);
      const stored = { ...one, ordinal: 0 };
      const isAsked = (pass: Pass, heldOut?: number) => isAskedIn(pass, stored, { heldOut }, false);
      assert.equal(isAsked('held-out', below), isHeld);
      assert.equal(isAsked('cross-fit', below), !isHeld);
      assert.equal(isAsked('cross-fit'), true);
      assert.equal(isAsked('propagate', below), true);
    }
  });
});
