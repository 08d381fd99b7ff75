import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Fault } from '../../testing/faults.ts';
import { startProvider } from '../../testing/provider.ts';
import type { RequestBody } from '../../testing/requests.ts';
import { aProvider, endpointAt, MODEL, request } from './support.ts';

describe('An endpoint, asked for answers,', () => {
  const here = aProvider();

  describe('draws samples', () => {
    it('in one request with n, whose tokens are counted once', async () => {
      const samples = await endpointAt(here.provider).chat({ ...request, seeds: [40, 41, 42] });
      assert.equal(samples.length, 3);
      assert.deepEqual(
        here.chats().map(({ n, seed }) => ({ n, seed })),
        [{ n: 3, seed: 40 }],
      );
      const [first, ...others] = samples;
      assert.ok(first!.promptTokens! > first!.cachedTokens! && first!.cachedTokens! > 0);
      assert.equal(first!.completionTokens, 3);
      for (const { promptTokens, cachedTokens, completionTokens } of others)
        assert.deepEqual([promptTokens, cachedTokens, completionTokens], [0, 0, 0]);
      for (const { text, tokens, finishReason } of samples) {
        assert.ok(['animal', 'food', 'plant'].includes(text));
        assert.ok(tokens!.length === 1 && tokens![0]!.logprob! < 0);
        assert.equal(finishReason, 'stop');
      }
    });

    it('as the request has it, and sends nothing that was not given', async () => {
      const sent = here.bodies();
      const endpoint = endpointAt(here.provider);
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
      here.always({ status: 200, body: { choices: [{ message: { content: 'food' } }] } });
      const endpoint = endpointAt(here.provider);
      for (let time = 1; time <= 2; time++) {
        const samples = await endpoint.chat({ ...request, seeds: [40, 41] });
        assert.deepEqual(
          samples.map(({ text }) => text),
          ['food', 'food'],
        );
      }
      assert.deepEqual(
        here.chats().map(({ n, seed }) => [n, seed]),
        [[2, 40], ...[40, 41, 40, 41].map((seed) => [undefined, seed])],
      );
      assert.equal(endpoint.drawsSeveral(MODEL), false);
    });
  });

  describe('without log-probabilities', () => {
    it('gives null where the answer has none', async () => {
      here.always('no-logprobs');
      const [sample] = await endpointAt(here.provider).chat(request);
      assert.equal(sample!.tokens, null);
      assert.notEqual(sample!.text, '');
    });

    it('keeps an answer whose tokens have impossible ones, and asks once', async () => {
      const entries = ['-0.2', 'NaN', '-Infinity', 'null', '-9999.0'].map(
        (logprob) => `{"token": "NaN", "logprob": ${logprob}}`,
      );
      here.always({
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: `{"choices": [{"message": {"content": "NaN"}, "logprobs": {"content": [${entries}]}}]}`,
      });
      const [sample] = await endpointAt(here.provider).chat(request);
      const values = sample!.tokens!.map(({ logprob }) => logprob);
      assert.deepEqual([sample!.text, values.filter(Boolean)], ['NaN', [-0.2]]);
      assert.equal(here.chats().length, 1);
    });

    it('learns from a refusal to ask that model for none, and only that model', async () => {
      const others = ['plain', 'reasoning'];
      const shy = await startProvider({ models: others });
      try {
        const bodies: RequestBody[] = [];
        shy.setFaults(({ body, kind }) => {
          if (kind === 'chat') bodies.push(body!);
          const refuses = body?.model === 'reasoning' && body.logprobs;
          const error = { message: 'No.', param: 'logprobs', code: 'unsupported_parameter' };
          return refuses ? { status: 400, body: { error } } : undefined;
        });
        const endpoint = endpointAt(shy);
        for (const model of ['reasoning', 'reasoning', 'plain']) {
          const [sample] = await endpoint.chat({ ...request, model });
          assert.equal(sample!.tokens === null, model === 'reasoning');
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
      here.provider.setFaults(({ body }) =>
        body?.logprobs ? { status: 403, body: { error } } : undefined,
      );
      const [sample] = await endpointAt(here.provider).chat(request);
      assert.equal(sample!.tokens, null);
      assert.notEqual(sample!.text, '');
    });
  });

  for (const [what, fault] of Object.entries({
    'that is under way': 'hang',
    'that waits to be repeated': { status: 429, headers: { 'retry-after': '3' } },
  } satisfies Record<string, Fault>))
    it(`ends a request ${what} by its deadline`, async () => {
      here.always(fault);
      const abort = new AbortController();
      const { signal } = abort;
      const asking = endpointAt(here.provider).chat(request, { signal, deadline: signal });
      await here.provider.untilRequest();
      abort.abort();
      await assert.rejects(asking, (error) => error === signal.reason);
      assert.equal(here.chats().length, 1, 'it is not tried again');
    });
});
