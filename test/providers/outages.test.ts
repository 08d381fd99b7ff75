import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Fault, FaultPlan } from '../../testing/faults.ts';
import { portForLater } from '../support/port.ts';
import { aProvider, endpointAt, failure, PROMPT, request, soon, untilTrouble } from './support.ts';

describe('An endpoint in trouble', () => {
  const here = aProvider();

  describe('goes on', () => {
    it('after a 429, once Retry-After has passed', async () => {
      let until = 0;
      const early: number[] = [];
      here.provider.setFaults(({ attempt }) => {
        if (Date.now() < until) early.push(attempt);
        if (attempt > 2) return undefined;
        until = Date.now() + 145;
        return { status: 429, headers: { 'retry-after-ms': '150' } };
      });
      await endpointAt(here.provider).chat(request);
      assert.equal(here.chats().length, 3);
      assert.deepEqual(early, []);
    });

    it('within moments when the endpoint is back, whatever Retry-After it asked for', async () => {
      here.always({ status: 429, headers: { 'retry-after': '86400' } });
      const endpoint = endpointAt(here.provider);
      const asking = endpoint.chat(request);
      await untilTrouble(endpoint, /answered 429 .*asks to wait 86400 s; held back since/);
      here.provider.setFaults(undefined);
      const [sample] = await asking;
      assert.notEqual(sample!.text, '');
      assert.equal(endpoint.trouble, undefined);
    });

    it('without one that is refused for good, after no less time than it may be away', async () => {
      here.always({ status: 404, headers: soon, body: { error: { message: 'no such model' } } });
      const endpoint = endpointAt(here.provider, { finalAfterSeconds: 0.1 });
      const begun = Date.now();
      const { signal } = new AbortController();
      const away = { mostMs: 700, since: () => undefined };
      const [sample] = await endpoint.chat(request, { signal, deadline: signal, away });
      assert.equal(sample!.finishReason, 'away');
      assert.ok(Date.now() - begun >= 700);
      await assert.rejects(endpoint.chat(request), failure('NotFound', { retried: false }));
    });

    it('however many months it may be away', async () => {
      here.always({ status: 503, headers: soon });
      const endpoint = endpointAt(here.provider);
      let looked = 0;
      const since = () => {
        looked++;
        return undefined;
      };
      const { signal } = new AbortController();
      const patience = { signal, deadline: signal, away: { mostMs: 2 ** 40, since } };
      const asking = endpoint.chat(request, patience);
      await untilTrouble(endpoint, /asked [2-9] times since/);
      here.provider.setFaults(undefined);
      const [sample] = await asking;
      assert.equal(sample!.finishReason, 'stop');
      assert.ok(looked < 10, `looked ${looked} times`);
    });

    it('without it after so long, and is no more away once a probe is answered', async () => {
      here.always({ status: 503, headers: soon });
      const endpoint = endpointAt(here.provider);
      const { signal } = new AbortController();
      const away = { mostMs: 20, since: () => undefined };
      const [sample] = await endpoint.chat(request, { signal, deadline: signal, away });
      assert.equal(sample!.finishReason, 'away');
      assert.ok(endpoint.awaySince(request.model)! <= Date.now() - 20);
      here.provider.setFaults(undefined);
      await endpoint.probeChat(request.model);
      assert.equal(endpoint.awaySince(request.model), undefined);
    });

    for (const fault of [500, 502, 503, 'cut-before', 'cut-after'] as const)
      it(`after ${fault}, asking again`, async () => {
        here.once(typeof fault === 'number' ? { status: fault, headers: soon } : fault);
        const [sample] = await endpointAt(here.provider).chat(request);
        assert.notEqual(sample!.text, '');
        assert.equal(here.chats().length, 2);
      });

    for (const fault of ['truncated', 'malformed', 'wrong-type', 'empty-choices'] as const)
      it(`after an answer that is ${fault}, asking again`, async () => {
        here.provider.setFaults(({ attempt }) => (attempt <= 2 ? fault : undefined));
        const [sample] = await endpointAt(here.provider).chat(request);
        assert.notEqual(sample!.text, '');
        assert.equal(here.chats().length, 3);
      });

    it('after a request that got no answer in time', async () => {
      here.once('hang');
      await endpointAt(here.provider, { requestTimeoutSeconds: 0.5 }).chat(request);
      const statuses = here.chats().map(({ status }) => status);
      // That one was answered in time: on a busy machine it need not be the second.
      assert.deepEqual([statuses[0], statuses.at(-1)], [undefined, 200]);
    });

    it('under more requests than it has room for, with every answer in the end', async () => {
      await here.restart({ limits: { inFlight: 3 }, latencyMs: 5 });
      const endpoint = endpointAt(here.provider);
      const seeds = Array.from({ length: 60 }, (_, seed) => seed);
      const all = await Promise.all(
        seeds.map((seed) => endpoint.chat({ ...request, seeds: [seed] })),
      );
      assert.ok(all.flat().every(({ text }) => text !== ''));
      assert.equal(here.provider.requests({ kind: 'chat', status: 200 }).length, 60);
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
        here.provider.setFaults(typeof fault === 'function' ? fault : () => fault);
        const notices: string[] = [];
        const endpoint = endpointAt(here.provider, { apiKeyEnv: VARIABLE }, (one) =>
          notices.push(one),
        );
        const asking = endpoint.chat(request);
        await untilTrouble(endpoint, trouble);
        const seen = here.chats().length;
        // It is asked by probes now.
        await here.provider.untilRequest({ kind: 'probe' }, 3);
        assert.equal(here.chats().length, seen);
        assert.match(endpoint.trouble!, /^endpoint "here" .*held back since \d\d:\d\d:\d\d UTC/);
        here.provider.setFaults(undefined);
        const [sample] = await asking;
        assert.ok(['animal', 'food', 'plant'].includes(sample!.text));
        assert.equal(endpoint.trouble, undefined);
        const told = notices.join();
        assert.match(told, trouble);
        assert.ok(!told.includes(KEY) && !told.includes('private'), told);
      });

    it('where nobody is there', async () => {
      const port = await portForLater();
      const endpoint = endpointAt({ baseURL: `http://127.0.0.1:${port}/v1` });
      const asking = endpoint.chat(request);
      await untilTrouble(endpoint, /cannot be reached \(connect ECONNREFUSED/);
      await here.restart({ port });
      assert.notEqual((await asking)[0]!.text, '');
    });

    it('but not for good where the provider refuses for a while', async () => {
      for (const [status, type] of [
        [400, 'BadRequest'],
        [404, 'NotFound'],
        [410, 'BadRequest'],
        [422, 'BadRequest'],
      ] as const) {
        here.provider.setFaults(refusal(status, 'bad', 'x'));
        const asking = endpointAt(here.provider, { apiKeyEnv: VARIABLE }).chat(request);
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
      await here.restart({ apiKey: KEY });
      await endpointAt(here.provider, { apiKeyEnv: VARIABLE }).chat(request);
      const endpoint = endpointAt(here.provider);
      const abort = new AbortController();
      const { signal } = abort;
      const asking = endpoint.chat(request, { signal, deadline: signal });
      await untilTrouble(endpoint, /name its variable as apiKeyEnv/);
      abort.abort();
      await assert.rejects(asking, (error) => error === signal.reason);
    });
  });
});
