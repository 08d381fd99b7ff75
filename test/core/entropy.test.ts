import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { meanEntropy, responseProbability, voteEntropy } from '../../core/entropy.ts';

describe('meanEntropy', () => {
  it('is the mean negative log-probability a token', () => {
    assert.equal(meanEntropy([Math.log(0.5), Math.log(0.5)]), Math.LN2);
    assert.equal(meanEntropy([0]), 0);
    assert.throws(() => meanEntropy([]), RangeError);
  });

  it('does not depend on the length of the response', () => {
    const logprobs = fc.array(fc.double({ min: -50, max: 0, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(logprobs, (given) => {
        const twice = meanEntropy([...given, ...given]);
        assert.ok(Math.abs(twice - meanEntropy(given)) < 1e-9);
      }),
    );
  });
});

describe('responseProbability', () => {
  it('is the product of those of the tokens', () => {
    assert.ok(Math.abs(responseProbability([Math.log(0.5), Math.log(0.25)]) - 0.125) < 1e-12);
    assert.equal(responseProbability([]), 1);
  });
});

describe('voteEntropy', () => {
  it('runs from 0, all alike, to 1, all different', () => {
    assert.equal(voteEntropy([4]), 0);
    assert.equal(voteEntropy([1]), 0);
    assert.equal(voteEntropy([]), 0);
    assert.equal(voteEntropy([1, 1]), 1);
    assert.ok(Math.abs(voteEntropy([2, 2]) - 0.5) < 1e-12);
    const votes = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 });
    fc.assert(
      fc.property(votes, (given) => {
        const entropy = voteEntropy(given);
        assert.ok(entropy >= 0 && entropy <= 1 + 1e-12);
      }),
    );
  });
});
