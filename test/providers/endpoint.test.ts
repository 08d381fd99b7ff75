import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { ChatRequest, Endpoint } from '../../providers/endpoint.ts';
import type { Fault, FaultPlan } from '../../testing/faults.ts';
import type { RequestBody } from '../../testing/journal.ts';
import { type Provider, startProvider } from '../../testing/provider.ts';
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
  sampling: { temperature: 1, topP: 0.9, maxTokens: 5 },
  seeds: [40],
};

/** Looks until an endpoint has this trouble. */
async function untilTrouble(endpoint: Endpoint, expected: RegExp): Promise<void> {
  while (!expected.test(endpoint.trouble ?? '')) await sleep(5);
}

describe('an endpoint', () => {
  let provider: Provider;
  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(() => provider.close());

  const chats = () =>
    provider.journal.entries.filter(({ path, isProbe }) => path === CHAT && !isProbe);
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
      const samples = await endpointAt(provider).chat({ ...request, seeds: [40, 41, 42] });
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

    it('as the request has it, and sends nothing that was not given', async () => {
      const sent = bodies();
      const endpoint = endpointAt(provider);
      const extraBody = { top_k: 7 };
      const sampling = {
        temperature: 0.5,
        topP: 0.9,
        reasoningEffort: 'low',
        maxTokens: 9,
      } as const;
      await endpoint.chat({ ...request, sampling: { ...sampling, extraBody } });
      await endpoint.chat({ ...request, sampling: { temperature: 0 } });
      const { model, messages } = request;
      const always = { model, messages, seed: 40, logprobs: true };
      assert.deepEqual(sent, [
        {
          ...always,
          temperature: 0.5,
          top_p: 0.9,
          reasoning_effort: 'low',
          max_tokens: 9,
          top_k: 7,
        },
        { ...always, temperature: 0 },
      ]);
    });

    it('one by one where n is ignored, which is found out by the first request', async () => {
      always({ status: 200, body: { choices: [{ message: { content: 'food' } }] } });
      const endpoint = endpointAt(provider);
      for (let time = 1; time <= 2; time++) {
        const samples = await endpoint.chat({ ...request, seeds: [40, 41] });
        assert.deepEqual(
          samples.map(({ text }) => text),
          ['food', 'food'],
        );
      }
      assert.deepEqual(
        chats().map(({ n, seed }) => [n, seed]),
        [[2, 40], ...[40, 41, 40, 41].map((seed) => [undefined, seed])],
      );
      assert.equal(endpoint.drawsSeveral(MODEL), false);
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
        shy.setFaults(({ body, isProbe }) => {
          if (!isProbe) bodies.push(body!);
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
    it('after a 429, once Retry-After has passed', async () => {
      let until = 0;
      const early: number[] = [];
      provider.setFaults(({ attempt }) => {
        if (Date.now() < until) early.push(attempt);
        if (attempt > 2) return undefined;
        until = Date.now() + 145;
        return { status: 429, headers: { 'retry-after-ms': '150' } };
      });
      await endpointAt(provider).chat(request);
      assert.equal(chats().length, 3);
      assert.deepEqual(early, []);
    });

    it('within moments when the endpoint is back, whatever Retry-After it asked for', async () => {
      always({ status: 429, headers: { 'retry-after': '86400' } });
      const endpoint = endpointAt(provider);
      const asking = endpoint.chat(request);
      await untilTrouble(endpoint, /answered 429 .*asks to wait 86400 s; held back since/);
      provider.setFaults(undefined);
      const [sample] = await asking;
      assert.notEqual(sample!.text, '');
      assert.equal(endpoint.trouble, undefined);
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
      const all = await Promise.all(
        seeds.map((seed) => endpoint.chat({ ...request, seeds: [seed] })),
      );
      assert.ok(all.flat().every(({ text }) => text !== ''));
      assert.equal(provider.journal.count(CHAT, { status: 200 }), 60);
    });
  });

  describe('holds requests back, and goes on by itself,', () => {
    const VARIABLE = 'SEMIEVOL_TEST_KEY';
    const KEY = 'sk-top-secret-1234567890';
    beforeEach(() => {
      process.env[VARIABLE] = KEY;
    });
    afterEach(() => {
      delete process.env[VARIABLE];
    });

    const answer = (...choices: object[]) => ({ status: 200, body: { choices } });
    const page = '<html><body>We are back soon</body></html>';
    const html = (status: number): Fault => ({
      ...{ status, headers: { 'content-type': 'text/html' }, body: page },
    });
    /** Repeats the key and the question. */
    const refusal =
      (status: number, code: string, param?: string): FaultPlan =>
      ({ body }) => {
        const asked = (body as { messages: { content: string }[] }).messages.at(-1)!.content;
        const error = { message: `Wrong key ${KEY}, you asked: ${asked}`, code, param };
        return { status, headers: soon, body: { error } };
      };
    const outages: Record<string, [fault: Fault | FaultPlan, trouble: RegExp]> = {
      'where a body breaks off': ['truncated', /cannot be read: it broke off/],
      'where there is a page of HTML': ['wrong-type', /cannot be read: it is a page of HTML/],
      'where there are no choices': ['empty-choices', /cannot be read: choices/],
      'where a body is not JSON': [
        {
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: `{"choices": [{"message": ${PROMPT}`,
        },
        /cannot be read: it is not JSON/,
      ],
      'on an error under a 200': [
        { status: 200, body: { error: { message: 'overloaded' } } },
        /answered 500 .*overloaded/,
      ],
      'on an error under a 200, with the status in its code': [
        { status: 200, body: { error: { message: 'Insufficient credits.', code: 402 } } },
        /answered 402 .*Insufficient credits.*top up/,
      ],
      'on a choice without a message': [
        answer({ finish_reason: 'stop' }),
        /cannot be read: choices 0 message/,
      ],
      'on a text that is none': [answer({ message: { content: 5 } }), /cannot be read/],
      'on errors of the server': [{ status: 503, headers: soon }, /answered 503/],
      'on 401': [refusal(401, 'invalid_api_key'), new RegExp(`answered 401.*${VARIABLE}`)],
      'on 403': [refusal(403, 'forbidden'), new RegExp(`answered 403.*${VARIABLE}`)],
      'on 402': [refusal(402, 'no_money'), /answered 402.*top up/],
      'without quota': [refusal(429, 'insufficient_quota'), /answered 429.*top up/],
      'on a 404 of something between': [html(404), /answered 404.*is something between/],
      'on a 403 of something between': [html(403), /answered 403.*is something between/],
    };
    for (const [when, [fault, trouble]] of Object.entries(outages))
      it(when, async () => {
        provider.setFaults(typeof fault === 'function' ? fault : () => fault);
        const notices: string[] = [];
        const endpoint = endpointAt(provider, { apiKeyEnv: VARIABLE }, (one) => notices.push(one));
        const asking = endpoint.chat(request);
        await untilTrouble(endpoint, trouble);
        const seen = chats().length;
        // It is asked by probes now.
        await provider.journal.waitFor(
          ({ entries }) => entries.filter(({ isProbe }) => isProbe).length > 2,
        );
        assert.equal(chats().length, seen);
        assert.match(endpoint.trouble!, /^endpoint "here" .*held back since \d\d:\d\d:\d\d UTC/);
        provider.setFaults(undefined);
        const [sample] = await asking;
        assert.ok(['animal', 'food', 'plant'].includes(sample!.text));
        assert.equal(endpoint.trouble, undefined);
        const told = notices.join();
        assert.match(told, trouble);
        assert.ok(!told.includes(KEY) && !told.includes('private'), told);
      });

    it('where nobody is there', async () => {
      const { baseURL } = provider;
      await provider.close();
      const endpoint = endpointAt({ baseURL });
      const asking = endpoint.chat(request);
      await untilTrouble(endpoint, /cannot be reached \(connect ECONNREFUSED/);
      provider = await startProvider({ port: Number(new URL(baseURL).port) });
      assert.notEqual((await asking)[0]!.text, '');
    });

    it('but not for good where the provider refuses for a while', async () => {
      for (const [status, type] of [
        [400, 'BadRequest'],
        [404, 'NotFound'],
        [410, 'BadRequest'],
        [422, 'BadRequest'],
      ] as const) {
        provider.setFaults(refusal(status, 'bad', 'x'));
        const asking = endpointAt(provider, { apiKeyEnv: VARIABLE }).chat(request);
        await assert.rejects(asking, (error: Error) => {
          assert.ok(failure(type, { retried: false })(error));
          assert.match(error.message, new RegExp(`answered ${status} for model .*\\(bad, x\\)`));
          const { message, stack, cause, details } = error as ApplicationFailure;
          const all = JSON.stringify([message, stack, String(cause), details]);
          assert.ok(!all.includes(KEY) && !all.includes('private'), all);
          return true;
        });
      }
    });

    it('with the key of the variable', async () => {
      await provider.close();
      provider = await startProvider({ apiKey: KEY });
      await endpointAt(provider, { apiKeyEnv: VARIABLE }).chat(request);
      const endpoint = endpointAt(provider);
      const abort = new AbortController();
      const { signal } = abort;
      const asking = endpoint.chat(request, { signal, deadline: signal });
      await untilTrouble(endpoint, /name its variable as apiKeyEnv/);
      abort.abort();
      await assert.rejects(asking, (error) => error === signal.reason);
    });
  });

  describe('gives up one request', () => {
    const poison = { ...request, messages: [{ role: 'user' as const, content: 'poison' }] };
    const isPoison = ({ body }: { body?: RequestBody }) => JSON.stringify(body).includes('poison');
    const refusals: Record<string, [fault: Fault, reason: string]> = {
      'that llama.cpp finds too long': [
        {
          status: 400,
          body: { error: { code: 400, message: 'the request exceeds the available context size' } },
        },
        'refused:400',
      ],
      'that TGI finds too long': [
        {
          status: 422,
          body: { error: '`inputs` tokens must be <= 4096', error_type: 'validation' },
        },
        'refused:422',
      ],
      'that fails the server time and again': [
        { status: 500, headers: soon, body: { error: { message: 'NaN' } } },
        'refused:500',
      ],
      'that a filter forbids': [
        { status: 403, headers: soon, body: { error: { message: 'flagged', code: 403 } } },
        'refused:403',
      ],
      'that is answered by nonsense': ['empty-choices', 'unreadable'],
    };
    for (const [what, [fault, reason]] of Object.entries(refusals))
      for (const others of ['while others are answered', 'by a probe where there are none'])
        it(`${what}, ${others}`, async () => {
          provider.setFaults((one) => (isPoison(one) ? fault : undefined));
          const endpoint = endpointAt(provider);
          const seeds = others.startsWith('while') ? [1, 2, 3, 4, 5] : [];
          const all = await Promise.all([
            endpoint.chat({ ...poison, seeds: [7, 8] }),
            ...seeds.map((seed) => endpoint.chat({ ...request, seeds: [seed] })),
          ]);
          for (const { text, logprobs, promptTokens, finishReason } of all.shift()!)
            assert.deepEqual([text, logprobs, promptTokens, finishReason], ['', null, 0, reason]);
          assert.ok(all.flat().every(({ text }) => text !== ''));
          assert.equal(endpoint.trouble, undefined);
        });

    for (const status of [200, 403, 404])
      it(`but never for a page of HTML with ${status}, which something between has sent`, async () => {
        const headers = { 'content-type': 'text/html' };
        const page: Fault = { status, headers, body: '<p>Soon.</p>' };
        provider.setFaults((one) => (isPoison(one) ? page : undefined));
        const endpoint = endpointAt(provider);
        const asking = endpoint.chat({ ...poison, seeds: [7] });
        await provider.journal.waitFor(
          ({ entries }) => entries.filter(({ seed }) => seed === 7).length > 15,
        );
        provider.setFaults(undefined);
        assert.equal((await asking)[0]!.finishReason, 'stop');
      });

    it('but takes an answer without text for one', async () => {
      always({
        status: 200,
        body: { choices: [{ message: { content: null }, finish_reason: 'length' }] },
      });
      const [sample] = await endpointAt(provider).chat(request);
      assert.deepEqual([sample!.text, sample!.finishReason], ['', 'length']);
    });
  });

  describe('learns what a model refuses', () => {
    type Body = RequestBody & { messages: { role: string; content: string }[] };
    const refuse = (isRefused: (body: Body) => boolean, status: number, answer: object) =>
      provider.setFaults(({ body }) =>
        isRefused(body as Body) ? { status, body: answer } : undefined,
      );
    const cases: Record<string, [(body: Body) => boolean, number, object]> = {
      max_tokens: [
        (body) => body.max_tokens !== undefined,
        400,
        { error: { message: "Use 'max_completion_tokens'.", param: 'max_tokens' } },
      ],
      temperature: [
        (body) => body.temperature !== undefined,
        400,
        { error: { message: "'temperature' does not support 0", param: 'temperature' } },
      ],
      top_p: [
        (body) => body.top_p !== undefined,
        400,
        { error: { message: "Unsupported parameter: 'top_p'.", param: 'top_p' } },
      ],
      seed: [
        (body) => body.seed !== undefined,
        422,
        { message: { detail: [{ type: 'extra_forbidden', loc: ['body', 'seed'] }] } },
      ],
      n: [
        (body) => (body.n ?? 1) > 1,
        400,
        { error: { code: 400, message: 'Only one completion choice is allowed' } },
      ],
      'the system role': [
        ({ messages }) => messages.some(({ role }) => role === 'system'),
        400,
        { object: 'error', message: 'System role not supported', code: 400 },
      ],
      'what it does not name': [
        (body) => body.seed !== undefined,
        400,
        { error: { message: 'Bad request.' } },
      ],
    };
    for (const [what, [isRefused, status, answer]] of Object.entries(cases))
      it(`${what}, from its refusal, and asks without`, async () => {
        refuse(isRefused, status, answer);
        const notices: string[] = [];
        const endpoint = endpointAt(provider, {}, (notice) => notices.push(notice));
        const first = await endpoint.chat({ ...request, seeds: [40, 41] });
        assert.ok(first.length === 2 && first.every(({ text }) => text !== ''));
        const before = provider.journal.entries.length;
        await endpoint.chat(request);
        const [entry, ...more] = provider.journal.entries.slice(before);
        assert.deepEqual([entry!.status, more.length], [200, 0]);
        assert.match(notices.join(), /does not take/);
      });

    it('two of them, one after the other', async () => {
      provider.setFaults(({ body }) => {
        for (const param of ['max_tokens', 'temperature'])
          if (body?.[param] !== undefined)
            return { status: 400, body: { error: { message: `No ${param}.`, param } } };
        return undefined;
      });
      const [sample] = await endpointAt(provider).chat(request);
      assert.notEqual(sample!.text, '');
    });

    it('before a run, by a probe', async () => {
      refuse((body) => body.max_tokens !== undefined, 400, { error: { message: 'No.' } });
      const endpoint = endpointAt(provider);
      assert.equal(await endpoint.probeChat(MODEL), 'form-learned');
      assert.equal(await endpoint.probeChat(MODEL), 'answers');
      const before = provider.journal.entries.length;
      await endpoint.chat(request);
      assert.equal(provider.journal.entries.length, before + 1);
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
        const endpoint = endpointAt(provider);
        const asking = endpoint.embed(EMBEDDER, ['a', 'b']);
        await untilTrouble(endpoint, /cannot be read/);
        provider.setFaults(undefined);
        assert.ok((await asking).vectors.every((vector) => vector!.length > 0));
      }
    });

    /** What a plan refuses of the texts it is given. */
    const refuse = (isRefused: (texts: string[]) => boolean, status = 413) =>
      provider.setFaults(({ body }) =>
        isRefused(body?.input as string[])
          ? { status, headers: soon, body: { error: { message: 'no' } } }
          : undefined,
      );
    const texts = Array.from({ length: 12 }, (_, index) => `text number ${index}`);
    const alone = async () => (await endpointAt(provider).embed(EMBEDDER, texts)).vectors;

    it('in halves where they are too many, and knows it the next time', async () => {
      const expected = await alone();
      refuse((input) => input.length > 3);
      const endpoint = endpointAt(provider);
      assert.deepEqual((await endpoint.embed(EMBEDDER, texts)).vectors, expected);
      const before = provider.journal.entries.length;
      const again = await endpoint.embed(EMBEDDER, texts);
      assert.deepEqual(again.vectors, expected);
      assert.deepEqual([again.requests, provider.journal.entries.length - before], [4, 4]);
    });

    for (const status of [400, 500])
      it(`all but one that gets ${status} for good`, async () => {
        const expected = await alone();
        refuse((input) => input.includes('text number 7'), status);
        const { vectors, cut } = await endpointAt(provider).embed(EMBEDDER, texts);
        assert.deepEqual(vectors, expected.with(7, null as never));
        assert.equal(cut, 0);
      });

    it('one that is too long by its beginning', async () => {
      const long = 'word '.repeat(500);
      refuse((input) => input.some((text) => text.length > 700));
      const { vectors, cut } = await endpointAt(provider).embed(EMBEDDER, ['short', long]);
      assert.ok(vectors.every((vector) => vector));
      assert.equal(cut, 1);
    });

    it('as plain numbers where base64 is refused', async () => {
      const expected = await alone();
      provider.setFaults(({ body }) =>
        body?.encoding_format === 'base64'
          ? { status: 400, body: { error: { message: 'no', param: 'encoding_format' } } }
          : undefined,
      );
      const { vectors } = await endpointAt(provider).embed(EMBEDDER, texts);
      for (const [index, vector] of vectors.entries())
        vector!.forEach((value, at) => {
          assert.ok(Math.abs(value - expected[index]![at]!) < 1e-6);
        });
    });
  });
});
