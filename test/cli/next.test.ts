import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { calledText } from '../../cli/commands/next.ts';

describe('What semievol next says', () => {
  it('is when the round begins', () => {
    const of = (after?: 'round' | 'pause' | 'data') =>
      calledText('tickets', { round: 2, ...(after && { after }) });
    assert.equal(of(), '"tickets" begins round 2');
    assert.equal(of('round'), '"tickets" begins round 2 as soon as round 1 has ended');
    assert.match(of('pause'), /^"tickets" begins round 2 when it is resumed, by "semievol resume/);
    assert.equal(of('data'), '"tickets" begins round 2 as soon as its data are read');
  });
});
