import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { costOf, sent } from '../../client/forecastCosts.ts';
import { defineConfig } from '../../config/config.ts';
import type { PlannedUse } from '../../core/forecast/prospect.ts';
import { exactly, NOTHING } from '../../core/forecast/span.ts';
import { runSpec } from '../../core/registry.ts';

const use = (more: Partial<PlannedUse>): PlannedUse => ({
  ...{ round: 1, phase: 'propagate', endpoint: 'cloud', model: 'gpt-x', asks: 'answers' },
  requests: exactly(2_000),
  promptTokens: { low: 1e6, likely: 2e6, high: 3e6 },
  completionTokens: exactly(1e6),
  trainedTokens: NOTHING,
  ...more,
});
const configOf = (prices: object, batches = true) =>
  defineConfig({
    endpoints: {
      cloud: { baseURL: 'https://llm.example.com/v1', batches, prices: prices as never },
    },
  });
const specOf = (transport: 'direct' | 'batch' | 'auto') =>
  runSpec.parse({
    name: 'run',
    task: { type: 'classification', labels: ['up', 'down'] },
    data: { labelled: 'a.csv', unlabelled: 'b.csv', test: 'c.csv' },
    transport,
  });

describe('what a forecast costs', () => {
  const price = { input: 2, output: 4, batch: 0.5 };
  const dollars = (config: ReturnType<typeof configOf>, ...uses: PlannedUse[]) =>
    costOf(sent(uses, specOf('direct'), config), config);

  it('is a range, by the prices of the model', () => {
    const { cost, unpriced } = dollars(configOf({ 'gpt-x': price }), use({}));
    assert.deepEqual(cost, { low: 6, likely: 8, high: 10 });
    assert.deepEqual(unpriced, []);
  });

  it('of a tuned model goes by a pattern for such, else by its base', () => {
    const tuned = use({ isTuned: true });
    const own = configOf({ 'gpt-x': price, 'ft:gpt-x*': { input: 20, output: 40 } });
    assert.equal(dollars(own, tuned).cost!.likely, 80);
    assert.equal(dollars(configOf({ 'gpt-x': price }), tuned).cost!.likely, 8);
  });

  it('is never nothing where nothing is known', () => {
    const { cost, unpriced } = dollars(configOf({}), use({}));
    assert.equal(cost, null);
    assert.deepEqual(unpriced, [
      { endpoint: 'cloud', model: 'gpt-x', tokens: ['input', 'output'] },
    ]);
  });

  it('is less where requests go by batch, as the spec and the endpoint say', () => {
    const config = configOf({ 'gpt-x': price });
    const transports = (transport: 'batch' | 'auto', requests: number, of = config) =>
      sent([use({ requests: exactly(requests) })], specOf(transport), of);
    assert.equal(costOf(transports('batch', 10), config).cost!.likely, 4);
    assert.equal(transports('auto', 2_000)[0]!.transport, 'batch');
    assert.equal(transports('auto', 10)[0]!.transport, 'direct', 'too few');
    const without = configOf({ 'gpt-x': price }, false);
    assert.equal(transports('batch', 10, without)[0]!.transport, 'direct');
  });
});
