import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type PhaseStatus, standingOf } from '../../core/status.ts';

describe('what work that has not ended does', () => {
  const phase = (name: PhaseStatus['name'], more: Partial<PhaseStatus> = {}): PhaseStatus => ({
    ...{ name, state: 'running', done: 0, total: 10, unit: 'examples', ...more },
  });
  const trains = phase('fine-tune', { waitsFor: 'job ftjob-1 at local' });
  const asks = phase('propagate');
  const cases = [
    ['goes on where it only begins', [], {}, 'running'],
    ['goes on while a phase works', [asks], {}, 'running'],
    ['goes on while one phase waits and another works', [trains, asks], {}, 'running'],
    ['waits while all phases wait', [trains, phase('warm-up', { state: 'done' })], {}, 'waiting'],
    ['waits where a phase is held up', [asks, phase('select', { trouble: 'no' })], {}, 'waiting'],
    ['waits where its own work is held up', [asks], { trouble: 'no answer' }, 'waiting'],
    ['waits for what the next round needs', [], { waitsFor: '20 more examples' }, 'waiting'],
    ['is paused, whatever it waits for', [trains], { isPaused: true }, 'paused'],
  ] as const;
  for (const [what, phases, more, standing] of cases)
    it(what, () => {
      assert.equal(standingOf({ isPaused: false, phases: [...phases], ...more }), standing);
    });
});
