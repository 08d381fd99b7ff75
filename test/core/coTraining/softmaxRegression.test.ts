import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { SoftmaxRegression } from '../../../core/coTraining/softmaxRegression.ts';

/** Unit vectors around three axes, with noise that follows from their number. */
const ROWS = 240;
const vectorOf = (row: number): number[] => {
  const raw = [0, 1, 2, 3].map(
    (axis) => (axis === row % 3 ? 1 : 0) + 0.35 * Math.sin(12.9898 * (row + 1) * (axis + 1)),
  );
  const length = Math.hypot(...raw);
  return raw.map((value) => value / length);
};
const learned = (
  labelOf: (row: number) => number,
  weightOf: (row: number) => number = () => 1,
): SoftmaxRegression => {
  const every = Array.from({ length: ROWS }, (_, row) => row);
  const rows = {
    vectors: Float32Array.from(every.flatMap((row) => vectorOf(row))),
    labels: Uint16Array.from(every.map(labelOf)),
    weights: Float32Array.from(every.map(weightOf)),
  };
  const regression = new SoftmaxRegression(rows, 3);
  for (let step = 0; step < 150; step++) regression.step();
  return regression;
};
const best = (shares: Float64Array) => shares.indexOf(Math.max(...shares));

describe('softmax regression', () => {
  it('tells classes apart on rows that it has not seen, and its shares add up to one', () => {
    const regression = learned((row) => row % 3);
    let right = 0;
    for (let row = ROWS; row < 2 * ROWS; row++) {
      const shares = regression.predict(Float32Array.from(vectorOf(row)));
      assert.ok(Math.abs(shares.reduce((sum, share) => sum + share) - 1) < 1e-9);
      if (best(shares) === row % 3) right++;
    }
    assert.ok(right > 0.9 * ROWS, `${right}`);
  });

  it('sees through wrong labels of a fifth of the rows', () => {
    const regression = learned((row) => (row % 5 === 0 ? (row + 1) % 3 : row % 3));
    const seen = Array.from({ length: ROWS }, (_, row) =>
      best(regression.predict(Float32Array.from(vectorOf(row)))),
    );
    const right = seen.filter((label, row) => label === row % 3).length;
    assert.ok(right > 0.82 * ROWS, `${right}: more than were labelled right`);
  });

  it('leaves out what weighs nothing', () => {
    const clean = learned(
      (row) => row % 3,
      (row) => (row % 5 === 0 ? 0 : 1),
    );
    const spoilt = learned(
      (row) => (row % 5 === 0 ? (row + 1) % 3 : row % 3),
      (row) => (row % 5 === 0 ? 0 : 1),
    );
    const vector = Float32Array.from(vectorOf(1));
    assert.deepEqual(clean.predict(vector), spoilt.predict(vector));
  });

  it('comes to the optimum: a step more changes next to nothing', () => {
    const regression = learned((row) => row % 3);
    const vector = Float32Array.from(vectorOf(7));
    const before = regression.predict(vector);
    for (let step = 0; step < 400; step++) regression.step();
    const after = regression.predict(vector);
    for (const [index, share] of after.entries())
      assert.ok(Math.abs(share - before[index]!) < 0.03, `${share} ${before[index]}`);
  });

  it('refuses what has no classes or no rows', () => {
    const none = {
      vectors: new Float32Array(),
      labels: new Uint16Array(),
      weights: new Float32Array(),
    };
    assert.throws(() => new SoftmaxRegression(none, 3), RangeError);
  });
});
