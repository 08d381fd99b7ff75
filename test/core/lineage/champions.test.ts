import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { championBefore } from '../../../core/lineage/champions.ts';

const line = (...models: string[]) => models.map((model) => ({ model }));

describe('the champion to go back to', () => {
  it('is the one before the present one', () => {
    assert.equal(championBefore(line('base', 'a', 'b')), 'a');
    assert.equal(championBefore(line('base')), undefined);
  });

  it('is further back for who has gone back already', () => {
    assert.equal(championBefore(line('base', 'a', 'b', 'a')), 'base');
    assert.equal(championBefore(line('base', 'a', 'b', 'a', 'base')), undefined);
    assert.equal(championBefore(line('base', 'a', 'b', 'a', 'c')), 'a');
  });

  it('leads to the first in fewer steps than there were changes, and never in a circle', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 12 });
    fc.assert(
      fc.property(names, (changes) => {
        const history = line('base', ...changes);
        const seen = new Set([history.at(-1)!.model]);
        for (let back = championBefore(history); back; back = championBefore(history)) {
          assert.ok(!seen.has(back), 'it is gone back to what was left');
          seen.add(back);
          history.push({ model: back });
        }
        assert.equal(history.at(-1)!.model, 'base');
      }),
    );
  });
});
