import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { byDoubt, isHeard, suspicion } from '../../../core/audit/suspects.ts';
import type { Verdict } from '../../../core/consensus.ts';
import type { Vote } from '../../../core/neighbourVotes.ts';

const equal = (a: string, b: string) => a === b;
const verdict = (label: string | null, votes: number, collaborators = 4): Verdict => ({
  ...{ label, votes, collaborators },
  ...{ agreed: votes === collaborators, entropy: null, probability: null, neighbours: null },
});
const near = (...answers: string[]): Vote[] => answers.map((answer) => ({ answer, weight: 0.5 }));

describe('The suspicion of a gold answer', () => {
  it('takes most of the collaborators, and more neighbours for the same than for it', () => {
    const neighbours = near('food', 'food', 'plant');
    assert.deepEqual(suspicion('plant', { verdict: verdict('food', 3), neighbours }, equal), {
      ...{ label: 'food', votes: 3, collaborators: 4 },
      ...{ against: 2 / 3, for: 1 / 3 },
    });
    const spared = [
      { verdict: verdict('plant', 4), neighbours },
      { verdict: verdict('food', 2), neighbours },
      { verdict: verdict('food', 4), neighbours: near('plant', 'food') },
      { verdict: verdict('animal', 4), neighbours },
      { verdict: verdict('food', 4), neighbours: [] },
      { verdict: verdict(null, 0), neighbours },
    ];
    for (const witnesses of spared) assert.equal(suspicion('plant', witnesses, equal), null);
    assert.deepEqual(spared.map(isHeard), [true, true, true, true, false, false]);
  });

  it('never falls on an answer that neighbours bear out as well as any other', () => {
    const labels = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(
        ...([labels, labels, fc.array(labels), fc.integer({ min: 1, max: 4 })] as const),
        (gold, label, answers, votes) => {
          const neighbours = near(...answers);
          const found = suspicion(gold, { verdict: verdict(label, votes), neighbours }, equal);
          const count = (of: string) => answers.filter((answer) => answer === of).length;
          assert.equal(found !== null, label !== gold && votes > 2 && count(label) > count(gold));
        },
      ),
    );
  });

  it('comes before those that fewer speak for', () => {
    const suspect = (ordinal: number, votes: number, against: number) => ({
      ...{ ordinal, exampleId: `${ordinal}`, label: 'food', collaborators: 4 },
      ...{ votes, against, for: 0 },
    });
    const ordered = [suspect(0, 3, 0.5), suspect(1, 4, 1), suspect(2, 4, 0.25)].sort(byDoubt);
    assert.deepEqual(
      ordered.map(({ ordinal }) => ordinal),
      [1, 0, 2],
    );
  });
});
