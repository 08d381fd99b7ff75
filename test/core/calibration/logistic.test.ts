import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { randomFrom } from '../../../core/random.ts';
import { crossFitted } from '../../../core/selection/calibration/crossFitting.ts';
import { fitLogistic, predict } from '../../../core/selection/calibration/logistic.ts';

/** Rows that are right with the probability that the features give: logit 1 + 2 x - y / 10. */
function noisy(count: number) {
  const random = randomFrom(8);
  return Array.from({ length: count }, () => {
    const [x, y] = [2 * random() - 1, 20 * random()];
    return { features: [x, y], right: random() < 1 / (1 + Math.exp(-(1 + 2 * x - y / 10))) };
  });
}

const row = fc.record({
  features: fc.tuple(
    fc.double({ min: -5, max: 5, noNaN: true }),
    fc.double({ min: 0, max: 1e3, noNaN: true }),
  ),
  right: fc.boolean(),
});

describe('a logistic regression', () => {
  it('finds again what rows were drawn by', () => {
    const model = fitLogistic(noisy(5_000), 1e-6);
    const [x, y] = model.features.map(({ weight, scale }) => weight / scale);
    assert.ok(Math.abs(x! - 2) < 0.2, `${x} is not 2`);
    assert.ok(Math.abs(y! + 0.1) < 0.02, `${y} is not -0.1`);
  });

  it('says of its own rows as many right as are, since the intercept has no ridge', () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 2, maxLength: 40 }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (rows, ridge) => {
          const right = rows.filter((one) => one.right).length;
          fc.pre(right > 0 && right < rows.length);
          const model = fitLogistic(rows, ridge);
          const said = rows.reduce((sum, { features }) => sum + predict(model, features), 0);
          assert.ok(Math.abs(said - right) < 1e-5 * rows.length, `${said} of ${right}`);
        },
      ),
    );
  });

  it('does not depend on the unit of a feature', () => {
    const rows = noisy(200);
    const scaled = rows.map(({ features: [x, y], right }) => ({
      features: [100 * x! - 7, y!],
      right,
    }));
    const [a, b] = [fitLogistic(rows), fitLogistic(scaled)];
    assert.ok(Math.abs(predict(a, [0.5, 3]) - predict(b, [43, 3])) < 1e-9);
  });

  it('has an answer where features part right from wrong, are all the same, or all are right', () => {
    const parted = [-2, -1, 1, 2].map((x) => ({ features: [x, 7], right: x > 0 }));
    const model = fitLogistic(parted);
    assert.ok(predict(model, [2, 7]) > 0.7 && predict(model, [2, 7]) < 1);
    assert.equal(model.features[1]!.weight, 0);
    const allRight = fitLogistic(parted.map((one) => ({ ...one, right: true })));
    assert.ok(
      Math.abs(predict(allRight, [2, 7]) - 0.9) < 1e-12,
      'half a row of each kind is added',
    );
    assert.equal(predict(fitLogistic([]), []), 0.5);
    assert.deepEqual(JSON.parse(JSON.stringify(model)), model);
  });
});

describe('cross-fitting', () => {
  it('says of each row what was learned from the other folds', () => {
    const fitted: number[][] = [];
    const said = crossFitted([1, 2, 3, 4], {
      fold: (row) => row % 2,
      fit: (rows) => {
        fitted.push(rows);
        return rows.reduce((sum, one) => sum + one, 0);
      },
      predict: (sum, row) => 100 * sum + row,
    });
    assert.deepEqual(fitted, [
      [2, 4],
      [1, 3],
    ]);
    assert.deepEqual(said, [601, 402, 603, 404]);
  });
});
