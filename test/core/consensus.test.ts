import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { consensus, pseudoLabel } from '../../core/consensus.ts';

const equal = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const say = (parsed: string | null, entropy: number | null) => ({ parsed, entropy });
const answers = fc.array(fc.option(fc.constantFrom('a', 'A', 'b', 'c')), { maxLength: 8 });

describe('consensus', () => {
  it('ranks candidates by votes, then by first appearance', () => {
    assert.deepEqual(consensus(['b', 'A', null, 'a', 'c'], equal), {
      agreed: false,
      candidates: [
        { answer: 'A', votes: 2 },
        { answer: 'b', votes: 1 },
        { answer: 'c', votes: 1 },
      ],
    });
  });

  it('is reached only when all are readable and equal', () => {
    assert.equal(consensus(['a', 'A'], equal).agreed, true);
    assert.equal(consensus(['a'], equal).agreed, true);
    assert.equal(consensus(['a', null], equal).agreed, false);
    assert.equal(consensus([null], equal).agreed, false);
    assert.equal(consensus([], equal).agreed, false);
  });

  it('counts every readable answer once', () => {
    fc.assert(
      fc.property(answers, (given) => {
        const { agreed, candidates } = consensus(given, equal);
        const votes = candidates.reduce((sum, one) => sum + one.votes, 0);
        assert.equal(votes, given.filter((one) => one !== null).length);
        assert.equal(agreed, candidates.length === 1 && votes === given.length);
      }),
    );
  });
});

describe('pseudoLabel', () => {
  it('takes the agreed answer with the mean entropy', () => {
    assert.deepEqual(pseudoLabel([say('a', 0.25), say('A', 0.75)], undefined, equal), {
      label: 'a',
      agreed: true,
      entropy: 0.5,
      votes: 2,
      collaborators: 2,
    });
    assert.equal(pseudoLabel([say('a', 0.2), say('a', null)], undefined, equal).entropy, 0.2);
  });

  const split = [say('a', 0.5), say('b', 0.25), say('b', 0.75), say('c', 9)];

  it('takes the justified candidate when they disagree', () => {
    assert.deepEqual(pseudoLabel(split, say('A', 0.125), equal), {
      label: 'a',
      agreed: false,
      entropy: (0.5 + 0.125) / 2,
      votes: 1,
      collaborators: 4,
    });
    assert.equal(pseudoLabel(split, say('a', null), equal).entropy, 0.5);
  });

  it('falls back to the majority where the justification chose none of them', () => {
    for (const justification of [say(null, 0.1), say('z', 0.1), undefined]) {
      const verdict = pseudoLabel(split, justification, equal);
      assert.deepEqual([verdict.label, verdict.votes, verdict.entropy], ['b', 2, 0.5]);
    }
  });

  it('has no label where nothing is readable', () => {
    const verdict = pseudoLabel([say(null, 0.1), say(null, 0.1)], say('a', 0.1), equal);
    assert.deepEqual([verdict.label, verdict.entropy, verdict.votes], [null, null, 0]);
  });

  it('measures the votes where the endpoint gives no log-probabilities', () => {
    const entropyOf = (...given: (string | null)[]) =>
      pseudoLabel(
        given.map((one) => say(one, null)),
        say('a', null),
        equal,
      ).entropy;
    assert.equal(entropyOf('a', 'a', 'a'), 0);
    assert.equal(entropyOf('a', 'b'), 1);
    assert.ok(entropyOf('a', 'a', null)! > 0);
    assert.equal(entropyOf('a', null, null), 1);
  });

  it('labels with one of the answers given, and counts its votes', () => {
    const reading = fc.record({
      parsed: fc.option(fc.constantFrom('a', 'A', 'b', 'c')),
      entropy: fc.option(fc.double({ min: 0, max: 9, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.array(reading), fc.option(reading, { nil: undefined }), (given, chosen) => {
        const { label, votes, entropy } = pseudoLabel(given, chosen, equal);
        const same = given.filter((one) => one.parsed && label && equal(one.parsed, label));
        assert.equal(votes, same.length);
        assert.equal(
          label === null,
          given.every((one) => one.parsed === null),
        );
        assert.ok(entropy === null || entropy >= 0);
      }),
    );
  });
});
