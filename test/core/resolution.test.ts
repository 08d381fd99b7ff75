import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'mocha';
import { FOLDS, foldOf } from '../../core/folds.ts';
import {
  bestWay,
  LEAST_ROWS,
  notCompared,
  type Way,
  wayWithoutComparison,
} from '../../core/resolution.ts';
import { wilson } from '../../core/statistics.ts';

describe('the way to resolve disagreement', () => {
  const best = (justify: number, probability: number, vote: number) => {
    const [a, b, c] = [justify, probability, vote].map((right) => wilson(right, 10));
    return bestWay({ justify: a!, probability: b!, vote: c! });
  };

  it('is the best of the three', () => {
    assert.equal(best(5, 6, 7), 'vote');
    assert.equal(best(5, 7, 6), 'probability');
    assert.equal(best(7, 5, 6), 'justify');
  });

  it("is the paper's where they tie, then probability", () => {
    assert.equal(best(7, 7, 7), 'justify');
    assert.equal(best(7, 6, 7), 'justify');
    assert.equal(best(6, 7, 7), 'probability');
    const nothing = wilson(0, 0);
    assert.equal(bestWay({ justify: nothing, probability: nothing, vote: nothing }), 'justify');
  });

  it('is compared only for auto, with enough labelled examples and without a judge', () => {
    const auto = { resolution: 'auto', coTraining: false, answers: 2, endpoints: {} } as const;
    assert.equal(notCompared(auto, LEAST_ROWS), undefined);
    assert.match(notCompared(auto, 40)!, /^40 labelled examples are too few .* takes 100$/);
    assert.match(notCompared({ ...auto, answers: 1 }, LEAST_ROWS)!, /nobody disagrees$/);
    assert.match(notCompared({ ...auto, endpoints: { judge: 'large' } }, 1_000)!, /^a judge/);
    assert.match(notCompared({ ...auto, coTraining: true }, 1_000)!, /co-training/);
    for (const resolution of ['justify', 'vote', 'probability'] as const)
      assert.match(notCompared({ ...auto, resolution }, 1_000)!, /the spec says/);
  });

  it('is that of the spec, or probability (with a judge vote), without a comparison', () => {
    const given: ('auto' | Way)[] = ['auto', 'justify', 'vote', 'probability'];
    const taken = (endpoints: { judge?: string }) =>
      given.map((resolution) =>
        wayWithoutComparison({ resolution, coTraining: false, answers: 2, endpoints }),
      );
    assert.deepEqual(taken({}), ['probability', 'justify', 'vote', 'probability']);
    assert.deepEqual(taken({ judge: 'large' }), ['vote', 'justify', 'vote', 'probability']);
  });
});

describe('the fold of an example', () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

  it('follows from its id, and the folds are about as large', () => {
    const folds = Array.from({ length: 1_000 }, (_, n) => foldOf({ id: sha256(`${n}`) }));
    for (let fold = 0; fold < FOLDS; fold++) {
      const { length } = folds.filter((one) => one === fold);
      assert.ok(Math.abs(length - 1_000 / FOLDS) < 100, `${length} in fold ${fold}`);
    }
    assert.equal(foldOf({ id: sha256('7') }), folds[7]);
  });
});
