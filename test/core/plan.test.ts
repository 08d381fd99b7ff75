import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { planOf } from '../../core/plan.ts';
import { runSpec } from '../../core/registry.ts';

const plan = (more: object) =>
  planOf(
    runSpec.parse({
      name: 'run',
      task: { type: 'classification', labels: ['animal', 'plant'] },
      data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
      ...more,
    }),
  );

describe('the plan of a run', () => {
  it('tells whether the warm-up answers or justifies', () => {
    const collaborators = [{ name: 'hosted', model: 'large' }];
    const justification = { model: 'large' };
    assert.equal(plan({}).asksWarmUp, true);
    assert.equal(plan({ collaborators }).asksWarmUp, true, 'it justifies');
    assert.equal(plan({ justification }).asksWarmUp, true, 'it answers');
    assert.equal(plan({ collaborators, justification }).asksWarmUp, false);
  });

  it('counts the answers to an example, samples and those of no model included', () => {
    assert.equal(plan({}).answers, 4);
    const collaborators = [
      { name: 'many', samples: 3 },
      { name: 'vote', type: 'neighbours' },
    ];
    assert.equal(plan({ collaborators }).answers, 4);
  });
});
