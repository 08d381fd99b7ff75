import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import OpenAI, { type APIPromise } from 'openai';
import type { Provider, ProviderOptions } from '../../testing/provider.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { ask, EMBEDDER, MODEL, startBoth } from './client.ts';

describe('limits of the stand-in provider', () => {
  let provider: Provider;
  let client: OpenAI;
  afterEach(() => provider.close());

  async function start(options: ProviderOptions): Promise<void> {
    ({ provider, client } = await startBoth(options));
  }
  const chat = (question: string, more: object = {}) =>
    client.chat.completions.create({ model: MODEL, messages: ask(question), ...more });
  const headers = async (call: APIPromise<unknown>) => (await call.asResponse()).headers;
  const refusal = async (call: Promise<unknown>) => {
    const error = await call.catch((reason: unknown) => reason);
    assert.ok(error instanceof OpenAI.APIError && error.status === 429, String(error));
    return error.headers!;
  };

  it('bound the requests in flight, and say when to come back', async () => {
    // The last one is to come before the first is answered, also where the machine is busy.
    await start({ limits: { inFlight: 2 }, latencyMs: 900 });
    const all = await Promise.allSettled(['a', 'b', 'c', 'd'].map((text) => chat(text)));
    const refused = all.filter((one) => one.status === 'rejected');
    assert.equal(refused.length, 2);
    const error = refused[0]!.reason as InstanceType<typeof OpenAI.APIError>;
    assert.equal(error.status, 429);
    assert.equal(error.headers!.get('retry-after'), '1');
    await chat('e');
  });

  it('bound the requests a second', async () => {
    await start({ limits: { requestsPerSecond: 4 } });
    const seen = await headers(chat('a'));
    assert.equal(seen.get('x-ratelimit-limit-requests'), '4');
    assert.equal(seen.get('x-ratelimit-remaining-requests'), '3');
    assert.match(seen.get('x-ratelimit-reset-requests')!, /^2[0-9]{2}ms$/);
    assert.equal(seen.get('x-ratelimit-limit-tokens'), null);
    const refused = lookUntil(
      () => chat('b').catch((reason: unknown) => reason),
      (answer) => answer instanceof Error,
    );
    const wait = Number((await refusal(refused)).get('retry-after-ms'));
    assert.ok(wait > 0 && wait <= 250, `${wait} ms`);
    await new Promise((resolve) => setTimeout(resolve, wait + 20));
    await chat('b');
  });

  it('bound the tokens a minute, the most that may come included', async () => {
    await start({ limits: { tokensPerMinute: 600 } });
    const seen = await headers(chat('a', { max_tokens: 100, n: 2 }));
    assert.equal(seen.get('x-ratelimit-limit-tokens'), '600');
    const left = Number(seen.get('x-ratelimit-remaining-tokens'));
    assert.ok(left < 400 && left > 380, `${left} left`);
    assert.match(seen.get('x-ratelimit-reset-tokens')!, /^2[0-9.]+s$/);
    const wait = Number((await refusal(chat('b', { max_tokens: 500 }))).get('retry-after'));
    assert.ok(wait > 10 && wait < 20, `${wait} s`);
    await client.embeddings.create({ model: EMBEDDER, input: ['a word', 'or two'] });
    await client.models.list();
  });

  it('can be changed while it runs', async () => {
    await start({});
    await chat('a');
    provider.setLimits({ tokensPerMinute: 1 });
    await refusal(chat('b'));
    const url = new URL('/__limits', provider.baseURL);
    const body = JSON.stringify({ requestsPerSecond: 100 });
    await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    assert.equal((await headers(chat('b'))).get('x-ratelimit-limit-requests'), '100');
  });
});
