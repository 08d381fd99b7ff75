import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  type LearnedModel,
  learnedFromStruck,
  NO_STRUCK_ROWS,
} from '../../../core/lineage/struck.ts';

const model = (name: string, base: string | null, role: string, round: number): LearnedModel => ({
  ...{ name, base, role, round },
});

/** Two rounds; the first model of the first round becomes the champion, which the second starts from. */
const models = [
  model('base', null, 'base', 0),
  model('warm 1', 'base', 'warm-up', 1),
  model('new 1', 'base', 'semievol', 1),
  model('sft 1', 'base', 'sft', 1),
  model('warm 2', 'new 1', 'warm-up', 2),
  model('new 2', 'base', 'semievol', 2),
  model('sft 2', 'base', 'sft', 2),
];
const learned = (own: string[]) =>
  learnedFromStruck(models, (name) => ({
    ...NO_STRUCK_ROWS,
    withdrawn: own.includes(name) ? 2 : 0,
  }));

describe('what models have learned from rows that are struck out', () => {
  it('is nothing where they stood in no training file', () => {
    assert.deepEqual([...learned([])], []);
  });

  it('comes by their own rows, by what they were tuned from, and by labels', () => {
    const found = learned(['warm 1']);
    assert.deepEqual([...found.keys()].sort(), ['new 1', 'new 2', 'warm 1', 'warm 2']);
    assert.deepEqual(found.get('warm 1'), {
      rows: { ...NO_STRUCK_ROWS, withdrawn: 2 },
      through: null,
      labelledBy: [],
    });
    assert.deepEqual(found.get('new 1')!.labelledBy, ['warm 1']);
    assert.equal(found.get('warm 2')!.through, 'new 1');
    assert.deepEqual(found.get('new 2')!.labelledBy, ['warm 2']);
  });

  it('does not reach back to earlier rounds, nor to models taught by people alone', () => {
    assert.deepEqual([...learned(['warm 2']).keys()].sort(), ['new 2', 'warm 2']);
  });
});
