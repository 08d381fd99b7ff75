import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { expectedCutoff } from '../../../core/selection/calibration/expected.ts';
import { guaranteedCutoff } from '../../../core/selection/calibration/guaranteed.ts';
import { type Draw, drawsOf, type Noise, wrongAmong } from '../../support/draws.ts';

const ERROR = 0.05;
const DELTA = 0.1;
const UNLABELLED = 300;
const DRAWS = 200;

/** What a way of cutting off comes to over the draws, by gold. */
function outcome(noise: Noise, rows: number, cut: (draw: Draw) => { kept: number }) {
  let [broken, error, kept] = [0, 0, 0];
  const sizes = { rows, unlabelled: UNLABELLED, draws: DRAWS, seed: 14 };
  for (const draw of drawsOf(noise, sizes)) {
    const selected = cut(draw).kept;
    const wrong = wrongAmong(draw.unlabelled, selected);
    if (wrong > ERROR) broken++;
    error += wrong;
    kept += selected;
  }
  return { broken: broken / DRAWS, error: error / DRAWS, kept: kept / DRAWS / UNLABELLED };
}

const expected = ({ calibration, scores }: Draw) => expectedCutoff(calibration, scores, ERROR);
const guaranteed = ({ calibration, scores }: Draw) =>
  guaranteedCutoff(calibration, scores, ERROR, DELTA);

const USUAL: Noise = { accuracy: 0.8, separation: 2 };
const EASY: Noise = { accuracy: 0.95, separation: 2 };

describe('over 200 draws of labels of which 80 % are right', () => {
  for (const rows of [200, 400]) {
    it(`a guaranteed error of 5 % is exceeded in at most 12 % of them, with ${rows} rows`, () => {
      const { broken, kept } = outcome(USUAL, rows, guaranteed);
      assert.ok(broken <= 0.12, `${broken} broken`);
      assert.ok(kept > 0.25, `${kept} kept`);
    });

    it(`an expected error of 5 % is kept on average, with ${rows} rows`, () => {
      const { error, broken, kept } = outcome(USUAL, rows, expected);
      assert.ok(error <= ERROR, `${error} wrong on average`);
      assert.ok(kept > 0.6, `${kept} kept`);
      assert.ok(broken > 0.2, 'it does not promise more: so these draws can break a promise');
    });

    it(`both keep more than the surest half where labels are easy, with ${rows} rows`, () => {
      for (const cut of [expected, guaranteed]) {
        const { kept } = outcome(EASY, rows, cut);
        assert.ok(kept > 0.5, `${kept} kept`);
      }
    });
  }

  it('a guarantee holds for the unlabelled at hand, though they are fewer than the rows', () => {
    const { broken } = outcome(USUAL, 1_000, guaranteed);
    assert.ok(broken <= 0.12, `${broken} broken`);
  });
});
