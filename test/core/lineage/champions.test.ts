import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { championBefore, championsOf } from '../../../core/lineage/champions.ts';
import type { Promotion } from '../../../core/living/promotion.ts';

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

describe('the champions of a run', () => {
  const models = (champion: string) => ({ warmUp: 'w', sft: 'w', semievol: 's', champion });
  const records = [
    { name: 'w', createdAt: '2026-01-01' },
    { name: 's1', createdAt: '2026-01-02' },
  ];
  const reports = [
    { round: 1, promoted: true, models: models('s1') },
    { round: 2, promoted: false, models: models('s1') },
  ];

  it('are as recorded', () => {
    const promotions: Promotion[] = [
      {
        ...{ number: 0, round: 0, model: 'base', role: 'base', from: null, by: 'gate' },
        ...{ name: null, reason: 'the run begins with it', at: '2026-01-01' },
      },
    ];
    assert.deepEqual(championsOf({ base: 'base', reports, records, promotions }), promotions);
  });

  it('are read from the reports of a run that has recorded none', () => {
    const found = championsOf({ base: 'base', reports, records, promotions: [] });
    assert.deepEqual(
      found.map(({ number, round, model, role, from, at }) => [
        number,
        round,
        model,
        role,
        from,
        at,
      ]),
      [
        [0, 0, 'base', 'base', null, '2026-01-01'],
        [1, 1, 's1', 'semievol', 'base', '2026-01-02'],
      ],
    );
  });
});
