import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { costOf } from '../../providers/pricing.ts';

describe('costOf', () => {
  it('charges each kind of token by its own price a million', () => {
    const price = { input: 2, cachedInput: 0.5, output: 8, training: 25 };
    const usage = {
      requests: 3,
      promptTokens: 1_000_000,
      cachedTokens: 400_000,
      completionTokens: 250_000,
      trainedTokens: 100_000,
    };
    assert.equal(costOf(usage, price), 1.2 + 0.2 + 2 + 2.5);
  });
});
