import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { APIConnectionError } from 'openai';
import type { ChatRequest } from '../../providers/endpoint.ts';
import { endpointFailure } from '../../providers/errors.ts';
import type { Fault } from '../support/provider/faults.ts';
import type { RequestBody } from '../support/provider/journal.ts';
import { type Provider, startProvider } from '../support/provider/provider.ts';
import { EMBEDDER, endpointAt, failure, MODEL } from './support.ts';

const CHAT = '/chat/completions';
const PROMPT = 'the very private question';
const soon = { 'retry-after-ms': '1' };

const request: ChatRequest = {
  model: MODEL,
  messages: [
    { role: 'system', content: 'Classify.\nLabels: animal, food, plant' },
    { role: 'user', content: PROMPT },
  ],
  temperature: 1,
  maxTokens: 5,
  seed: 40,
  samples: 1,
};

describe('an endpoint', () => {
  let provider: Provider;
  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(() => provider.close());

  const chats = () => provider.journal.entries.filter(({ path }) => path === CHAT);
  const always = (fault: Fault) => provider.setFaults(() => fault);
  const once = (fault: Fault) =>
    provider.setFaults(({ attempt }) => (attempt === 1 ? fault : undefined));
  /** The bodies of the requests that come from now on. */
  function bodies(): RequestBody[] {
    const seen: RequestBody[] = [];
    provider.setFaults(({ body }) => {
      if (body) seen.push(body);
      return undefined;
    });
    return seen;
  }

  describe('draws samples', () => {
    it('in one request with n, whose tokens are counted once', async () => {
      const samples = await endpointAt(provider).chat({ ...request, samples: 3 });
      assert.equal(samples.length, 3);
      assert.deepEqual(
        chats().map(({ n, seed }) => ({ n, seed })),
        [{ n: 3, seed: 40 }],
      );
      const [first, ...others] = samples;
      assert.ok(first!.promptTokens! > first!.cachedTokens! && first!.cachedTokens! > 0);
      assert.equal(first!.completionTokens, 3);
      for (const { promptTokens, cachedTokens, completionTokens } of others)
        assert.deepEqual([promptTokens, cachedTokens, completionTokens], [0, 0, 0]);
      for (const { text, logprobs, finishReason } of samples) {
        assert.ok(['animal', 'food', 'plant'].includes(text));
        assert.ok(logprobs!.length === 1 && logprobs![0]! < 0);
        assert.equal(finishReason, 'stop');
      }
    });

    it('and says what to set where n is ignored', async () => {
      always({ status: 200, body: { choices: [{ message: { content: 'food' } }] } });
      await assert.rejects(endpointAt(provider).chat({ ...request, samples: 2 }), /supportsN/);
    });
  });

  describe('without log-probabilities', () => {
    it('gives null where the answer has none', async () => {
      always('no-logprobs');
      const [sample] = await endpointAt(provider).chat(request);
      assert.equal(sample!.logprobs, null);
      assert.notEqual(sample!.text, '');
    });

    it('keeps an answer whose tokens have impossible ones, and asks once', async () => {
      const entries = ['-0.2', 'NaN', '-Infinity', 'null', '-9999.0'].map(
        (logprob) => `{"token": "NaN", "logprob": ${logprob}}`,
      );
      always({
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: `{"choices": [{"message": {"content": "NaN"}, "logprobs": {"content": [${entries}]}}]}`,
      });
      const [sample] = await endpointAt(provider).chat(request);
      assert.deepEqual([sample!.text, sample!.logprobs], ['NaN', [-0.2]]);
      assert.equal(chats().length, 1);
    });

    it('learns from a refusal to ask that model for none, and only that model', async () => {
      const others = ['plain', 'reasoning'];
      const shy = await startProvider({ models: others });
      try {
        const bodies: RequestBody[] = [];
        shy.setFaults(({ body }) => {
          bodies.push(body!);
          const refuses = body?.model === 'reasoning' && body.logprobs;
          const error = { message: 'No.', param: 'logprobs', code: 'unsupported_parameter' };
          return refuses ? { status: 400, body: { error } } : undefined;
        });
        const endpoint = endpointAt(shy);
        for (const model of ['reasoning', 'reasoning', 'plain']) {
          const [sample] = await endpoint.chat({ ...request, model });
          assert.equal(sample!.logprobs === null, model === 'reasoning');
        }
        assert.deepEqual(
          bodies.map((body) => [body.model, body.logprobs]),
          [
            ['reasoning', true],
            ['reasoning', undefined],
            ['reasoning', undefined],
            ['plain', true],
          ],
        );
      } finally {
        await shy.close();
      }
    });

    it('understands a refusal that names the parameter in words alone', async () => {
      const error = { message: 'You are not allowed to request logprobs from this model' };
      provider.setFaults(({ body }) =>
        body?.logprobs ? { status: 403, body: { error } } : undefined,
      );
      const [sample] = await endpointAt(provider).chat(request);
      assert.equal(sample!.logprobs, null);
      assert.notEqual(sample!.text, '');
    });
  });

  describe('goes on', () => {
    it('after a 429, once Retry-After has passed, also with requests that come later', async () => {
      let until = 0;
      const early: number[] = [];
      provider.setFaults(({ attempt, seed }) => {
        if (Date.now() < until) early.push(attempt);
        if (seed === 41) return undefined;
        // The last of the client's own tries: it will not be the client who waits.
        const wait = attempt === 6 ? 150 : 20;
        until = Date.now() + wait - 5;
        return { status: 429, headers: { 'retry-after-ms': String(wait) } };
      });
      const endpoint = endpointAt(provider);
      await assert.rejects(endpoint.chat(request), failure('EndpointError', { retried: true }));
      await endpoint.chat({ ...request, seed: 41 });
      assert.equal(chats().length, 7);
      assert.deepEqual(early, []);
    });

    for (const fault of [500, 502, 503, 'cut-before', 'cut-after'] as const)
      it(`after ${fault}, asking again`, async () => {
        once(typeof fault === 'number' ? { status: fault, headers: soon } : fault);
        const [sample] = await endpointAt(provider).chat(request);
        assert.notEqual(sample!.text, '');
        assert.equal(chats().length, 2);
      });

    for (const fault of ['truncated', 'malformed', 'wrong-type', 'empty-choices'] as const)
      it(`after an answer that is ${fault}, asking again`, async () => {
        provider.setFaults(({ attempt }) => (attempt <= 2 ? fault : undefined));
        const [sample] = await endpointAt(provider).chat(request);
        assert.notEqual(sample!.text, '');
        assert.equal(chats().length, 3);
      });

    it('after a request that got no answer in time', async () => {
      once('hang');
      await endpointAt(provider, { requestTimeoutSeconds: 0.5 }).chat(request);
      assert.equal(chats().length, 2);
    });

    it('under more requests than it has room for, with every answer in the end', async () => {
      await provider.close();
      provider = await startProvider({ limits: { inFlight: 3 }, latencyMs: 5 });
      const endpoint = endpointAt(provider);
      const seeds = Array.from({ length: 60 }, (_, seed) => seed);
      const all = await Promise.all(seeds.map((seed) => endpoint.chat({ ...request, seed })));
      assert.ok(all.flat().every(({ text }) => text !== ''));
      assert.equal(provider.journal.count(CHAT, { status: 200 }), 60);
    });
  });

  describe('fails so that Temporal tries again', () => {
    const answer = (...choices: object[]) => ({ status: 200, body: { choices } });
    const garbage: Record<string, Fault> = {
      'a body that breaks off': 'truncated',
      'a page of HTML': 'wrong-type',
      'no choices': 'empty-choices',
      'a body that is not JSON': {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: `{"choices": [{"message": ${PROMPT}`,
      },
      'an error under a 200': { status: 200, body: { error: { message: 'overloaded' } } },
      'a choice without a message': answer({ finish_reason: 'stop' }),
      'a text that is none': answer({ message: { content: 5 } }),
    };
    for (const [what, fault] of Object.entries(garbage))
      it(`on ${what}`, async () => {
        always(fault);
        await assert.rejects(endpointAt(provider).chat(request), (error: Error) => {
          assert.ok(failure('UnreadableAnswer', { retried: true })(error));
          assert.match(error.message, /endpoint "here"/);
          assert.ok(!JSON.stringify([error.message, String(error.cause)]).includes('private'));
          return true;
        });
      });

    it('on errors of the server that last, after a few tries of its own', async () => {
      always({ status: 503, headers: soon });
      await assert.rejects(
        endpointAt(provider).chat(request),
        failure('EndpointError', { retried: true }),
      );
      assert.equal(chats().length, 6);
    });

    it('when it cannot be reached', () => {
      const error = endpointFailure(new APIConnectionError({}), { endpoint: 'here' });
      assert.ok(failure('Unreachable', { retried: true })(error));
      assert.match(error.message, /endpoint "here" cannot be reached/);
    });
  });

  describe('fails for good, naming what to mend and no secret,', () => {
    const VARIABLE = 'SEMIEVOL_TEST_KEY';
    const KEY = 'sk-top-secret-1234567890';
    beforeEach(() => {
      process.env[VARIABLE] = KEY;
    });
    afterEach(() => {
      delete process.env[VARIABLE];
    });

    const cases = [
      [400, 'BadRequest', /answered 400 \(bad_thing, temperature\)/],
      [401, 'AuthenticationError', new RegExp(VARIABLE)],
      [403, 'AuthenticationError', new RegExp(VARIABLE)],
      [404, 'NotFound', new RegExp(`model "${MODEL}"`)],
      [410, 'BadRequest', /answered 410/],
      [413, 'BadRequest', /answered 413/],
      [422, 'BadRequest', /answered 422/],
    ] as const;
    for (const [status, type, said] of cases)
      it(`on ${status}`, async () => {
        const message = `Wrong key ${KEY}, you asked: ${PROMPT}`;
        always({ status, body: { error: { message, code: 'bad_thing', param: 'temperature' } } });
        const endpoint = endpointAt(provider, { apiKeyEnv: VARIABLE });
        await assert.rejects(endpoint.chat(request), (error: Error) => {
          assert.ok(failure(type, { retried: false })(error));
          assert.match(error.message, /endpoint "here"/);
          assert.match(error.message, said);
          const { message, stack, cause, details } = error as ApplicationFailure;
          const all = JSON.stringify([message, stack, String(cause), details]);
          assert.ok(!all.includes(KEY) && !all.includes('private'), all);
          return true;
        });
        assert.equal(chats().length, 1);
      });

    it('and sends the key of the variable', async () => {
      await provider.close();
      provider = await startProvider({ apiKey: KEY });
      await endpointAt(provider, { apiKeyEnv: VARIABLE }).chat(request);
      await assert.rejects(endpointAt(provider).chat(request), /name its variable as apiKeyEnv/);
    });
  });

  describe('gives an unreadable answer', () => {
    const tooLong = { code: 'context_length_exceeded', message: 'Too long.', param: 'messages' };
    const vllm = { code: 400, message: "This model's maximum context length is 2048 tokens." };
    for (const error of [tooLong, vllm])
      it(`for a request too long, told by ${error === vllm ? 'words' : 'code'}`, async () => {
        always({ status: 400, body: { error } });
        const samples = await endpointAt(provider).chat({ ...request, samples: 2 });
        assert.equal(samples.length, 2);
        for (const { text, logprobs, promptTokens } of samples)
          assert.deepEqual([text, logprobs, promptTokens], ['', null, 0]);
      });

    it('where the answer has no text', async () => {
      always({
        status: 200,
        body: { choices: [{ message: { content: null }, finish_reason: 'length' }] },
      });
      const [sample] = await endpointAt(provider).chat(request);
      assert.deepEqual([sample!.text, sample!.finishReason], ['', 'length']);
    });
  });

  it('ends a request by its signal', async () => {
    always('hang');
    const abort = new AbortController();
    const { signal } = abort;
    const asking = endpointAt(provider).chat(request, { signal, deadline: signal });
    await provider.journal.waitFor(({ entries }) => entries.length === 1);
    abort.abort();
    await assert.rejects(asking, (error) => !(error instanceof ApplicationFailure));
    assert.equal(chats().length, 1, 'it is not tried again');
  });

  describe('embeds', () => {
    it('in order, and counts the tokens', async () => {
      const sent = bodies();
      const { vectors, promptTokens } = await endpointAt(provider).embed(EMBEDDER, ['a b', 'c']);
      assert.deepEqual(sent[0]!.input, ['a b', 'c']);
      assert.equal(promptTokens, 3);
      assert.deepEqual(
        vectors[1],
        (await endpointAt(provider).embed(EMBEDDER, ['c'])).vectors[0],
        'the vector does not depend on what else is asked',
      );
    });

    it('but never with a vector too few', async () => {
      const data = [{ index: 1, embedding: [1, 0] }];
      for (const fault of [{ status: 200, body: { data } }, 'wrong-type', 'truncated'] as const) {
        always(fault);
        await assert.rejects(
          endpointAt(provider).embed(EMBEDDER, ['a', 'b']),
          failure('UnreadableAnswer', { retried: true }),
        );
      }
    });
  });
});
