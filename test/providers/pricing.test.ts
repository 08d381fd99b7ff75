import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ModelUsage, NO_USAGE } from '../../core/usage.ts';
import { endpointConfig } from '../../providers/config.ts';
import { billed, costOf, priceOf } from '../../providers/pricing.ts';

const nothing = { ...NO_USAGE, transport: 'direct' as const };
const usage = {
  ...nothing,
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
    assert.deepEqual(costOf({ ...nothing, promptTokens: 5 }, { input: 0 }).unpriced, []);
  });
});

describe('priceOf', () => {
  const [own, base, tuned, longer] = [1, 2, 3, 4].map((input) => ({ input }));
  const prices = { mine: own!, small: base!, 'ft:*': tuned!, 'ft:small*': longer! };

  it('is that of its own entry, then of the longest pattern that fits, then of its base', () => {
    assert.equal(priceOf(prices, 'mine', 'small'), own);
    assert.equal(priceOf(prices, 'ft:small:abc', 'small'), longer);
    assert.equal(priceOf(prices, 'ft:large:abc', 'small'), tuned);
    assert.equal(priceOf(prices, 'small-r1', 'small'), base);
    assert.equal(priceOf(prices, 'small', 'small'), base);
    assert.equal(priceOf(prices, 'other', 'other'), undefined);
  });
});

describe('billed', () => {
  const baseURL = 'http://127.0.0.1/v1';
  const { prices } = endpointConfig.parse({
    baseURL,
    prices: { small: { input: 2, batch: 0.5, deployedHour: 3, asOf: '2026-11-27' } },
  });
  const used = (phase: string, model: string, of: Partial<ModelUsage>) => ({
    ...{ ...NO_USAGE, phase, endpoint: 'gpu', model, root: model, transport: 'direct' as const },
    ...of,
  });
  const costs = (all: ReturnType<typeof used>[]) =>
    billed(all, () => prices).usage.map(({ cost }) => cost);

  it('sums what has a price, and lists once what has none', () => {
    const all = [
      used('collaborate', 'small', { promptTokens: 500_000 }),
      used('collaborate', 'large', { promptTokens: 1 }),
      used('justify', 'large', { promptTokens: 1, completionTokens: 1 }),
      used('warm-up', 'small', { trainedTokens: 1 }),
    ];
    const { bill } = billed(all, () => prices);
    assert.deepEqual(bill, {
      cost: 1,
      asOf: '2026-11-27',
      unpriced: [
        { endpoint: 'gpu', model: 'large', tokens: ['input', 'output'] },
        { endpoint: 'gpu', model: 'small', tokens: ['training'] },
      ],
    });
    assert.deepEqual(costs(all), [1, null, null, null]);
  });

  it('prices rows of batches, and hours, by their own', () => {
    const batch = { transport: 'batch', promptTokens: 1_000_000 } as const;
    assert.deepEqual(costs([used('collaborate', 'small', batch)]), [1]);
    assert.deepEqual(costs([used('host', 'small', { deployedSeconds: 1800 })]), [1.5]);
    const listed = { batch: { input: 4 } };
    assert.equal(billed([used('collaborate', 'm', batch)], () => ({ m: listed })).bill.cost, 4);
    const { bill } = billed([used('collaborate', 'm', batch)], () => ({ m: { input: 1 } }));
    assert.deepEqual(bill.unpriced[0]!.tokens, ['batch input']);
  });

  it('names a tuned model that has no price by its base', () => {
    const tuned = { ...used('evaluate-sft', 'tuned', { promptTokens: 1 }), root: 'large' };
    assert.equal(billed([tuned], () => prices).bill.unpriced[0]!.model, 'large');
  });
});
