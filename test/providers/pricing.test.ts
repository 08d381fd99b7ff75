import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_USAGE } from '../../core/usage.ts';
import { endpointConfig } from '../../providers/config.ts';
import { billOf, costOf } from '../../providers/pricing.ts';

const usage = {
  ...NO_USAGE,
  requests: 3,
  promptTokens: 1_000_000,
  cachedTokens: 400_000,
  completionTokens: 250_000,
  trainedTokens: 100_000,
};

describe('costOf', () => {
  it('charges each kind of token by its own price a million', () => {
    const price = { input: 2, cachedInput: 0.5, output: 8, training: 25 };
    assert.deepEqual(costOf(usage, price), { cost: 1.2 + 0.2 + 2 + 2.5, unpriced: [] });
  });

  it('charges cached tokens as others where they have no price of their own', () => {
    const price = { input: 2, output: 8, training: 25 };
    assert.equal(costOf(usage, price).cost, 2 + 2 + 2.5);
  });

  it('names what was used and has no price; only a price of 0 is free', () => {
    assert.deepEqual(costOf(usage, { input: 2 }), { cost: 2, unpriced: ['output', 'training'] });
    assert.deepEqual(costOf(usage, {}), { cost: null, unpriced: ['input', 'output', 'training'] });
    const free = { input: 0, output: 0, training: 0 };
    assert.deepEqual(costOf(usage, free), { cost: 0, unpriced: [] });
    assert.deepEqual(costOf({ ...NO_USAGE, promptTokens: 5 }, { input: 0 }).unpriced, []);
  });
});

describe('billOf', () => {
  const baseURL = 'http://127.0.0.1/v1';
  const { prices } = endpointConfig.parse({ baseURL, prices: { small: { input: 2 } } });
  const used = (phase: string, model: string, tokens: object) => ({
    ...NO_USAGE,
    phase,
    endpoint: 'gpu',
    model,
    ...tokens,
  });

  it('sums what has a price, and lists once what has none', () => {
    const all = [
      used('collaborate', 'small', { promptTokens: 500_000 }),
      used('collaborate', 'large', { promptTokens: 1 }),
      used('justify', 'large', { promptTokens: 1, completionTokens: 1 }),
      used('warm-up', 'small', { trainedTokens: 1 }),
    ];
    assert.deepEqual(
      billOf(all, () => prices),
      {
        cost: 1,
        unpriced: [
          { endpoint: 'gpu', model: 'large', tokens: ['input', 'output'] },
          { endpoint: 'gpu', model: 'small', tokens: ['training'] },
        ],
      },
    );
  });
});
