import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import OpenAI from 'openai';
import type { FaultPlan } from '../../testing/faults.ts';
import { FAULT_KINDS, type FaultKind, faultsByRate } from '../../testing/faultsByRate.ts';
import { ask, MODEL, trainingFile, upload, useStandIn } from './client.ts';

describe('faults of the stand-in provider', () => {
  const standIn = useStandIn();
  const { start } = standIn;
  const chat = (client: OpenAI) =>
    client.chat.completions.create({ model: MODEL, messages: ask('thing'), logprobs: true });

  it('come by plan, and end with it', async () => {
    const client = await start({
      faults: ({ attempt }) =>
        attempt === 1 ? { status: 503, headers: { 'retry-after': '3' } } : undefined,
    });
    await assert.rejects(chat(client), (error: InstanceType<typeof OpenAI.APIError>) => {
      assert.equal(error.headers!.get('retry-after'), '3');
      return error.status === 503;
    });
    await chat(client);
    standIn.provider.setFaults(() => ({
      status: 400,
      body: { error: { code: 'content_filter' } },
    }));
    await assert.rejects(chat(client), { code: 'content_filter' });
    standIn.provider.setFaults(undefined);
    await chat(client);
  });

  it('break connections before or after the work is done', async () => {
    const client = await start({ faults: () => 'cut-before' });
    await assert.rejects(chat(client), OpenAI.APIConnectionError);
    standIn.provider.setFaults(() => 'cut-after');
    await assert.rejects(chat(client), OpenAI.APIConnectionError);
    standIn.provider.setFaults(() => 'truncated');
    await assert.rejects(chat(client));
    const [before, after, half] = standIn.provider.requests();
    assert.deepEqual([before!.status, before!.fault], [undefined, 'cut-before']);
    assert.deepEqual([after!.status, after!.fault], [200, 'cut-after']);
    assert.deepEqual([half!.status, half!.attempt], [200, 3]);
  });

  it('leave a job behind when the answer to its creation is lost', async () => {
    const client = await start();
    const training_file = (await upload(client, trainingFile(3))).id;
    standIn.provider.setFaults(({ path }) =>
      path === '/fine_tuning/jobs' ? 'cut-after' : undefined,
    );
    await assert.rejects(client.fineTuning.jobs.create({ model: MODEL, training_file }));
    assert.equal(standIn.provider.jobs.all().length, 1);
  });

  it('spoil answers', async () => {
    const client = await start({ faults: () => 'empty-choices' });
    assert.deepEqual((await chat(client)).choices, []);
    standIn.provider.setFaults(() => 'no-logprobs');
    assert.equal((await chat(client)).choices[0]!.logprobs, null);
    standIn.provider.setFaults(() => 'refusal');
    const { message } = (await chat(client)).choices[0]!;
    assert.equal(message.content, null);
    assert.match(message.refusal!, /cannot/);
    standIn.provider.setFaults(() => 'wrong-type');
    assert.equal((await chat(client)).choices, undefined);
    standIn.provider.setFaults(() => 'malformed');
    await assert.rejects(chat(client), SyntaxError);
    assert.equal(standIn.provider.requests().at(-1)!.status, 200);
  });

  it('make an answer late', async () => {
    const client = await start({ faults: () => ({ slowMs: 150 }) });
    const before = performance.now();
    await chat(client);
    assert.ok(performance.now() - before > 149);
    assert.equal(standIn.provider.requests()[0]!.fault, 'slow');
  });

  it('keep a client waiting', async () => {
    const client = await start({ faults: () => 'hang' });
    const patience = new AbortController();
    const waiting = client.models.list({ signal: patience.signal });
    await standIn.provider.untilRequest();
    patience.abort();
    await assert.rejects(waiting, OpenAI.APIUserAbortError);
    assert.equal(standIn.provider.requests()[0]!.status, undefined);
  });

  describe('by rate', () => {
    const request = (digest: string, attempt: number, path = '/chat/completions') => ({
      ...{ kind: 'other' as const, index: 1, method: 'POST', arrivedAt: 0, body: undefined },
      ...{ path, digest, attempt },
    });
    const digests = Array.from({ length: 2_000 }, (_, index) => `digest ${index}`);
    const struck = (plan: FaultPlan, attempt = 1, path?: string) =>
      digests.map((digest) => plan(request(digest, attempt, path)));

    it('strike that share of the requests, with every kind', () => {
      const faults = struck(faultsByRate({ rate: 0.2, seed: 1, kinds: FAULT_KINDS }));
      const share = faults.filter(Boolean).length / digests.length;
      assert.ok(share > 0.17 && share < 0.23, `${share}`);
      assert.equal(new Set(faults.filter((one) => one !== undefined)).size, FAULT_KINDS.length);
      assert.ok(struck(faultsByRate({ rate: 0, seed: 1 })).every((one) => one === undefined));
    });

    it('follow from the seed, the request and the attempt', () => {
      const [one, same, other] = [1, 1, 2].map((seed) => faultsByRate({ rate: 0.2, seed }));
      assert.deepEqual(struck(one!), struck(same!));
      assert.notDeepEqual(struck(one!), struck(other!));
      assert.notDeepEqual(struck(one!), struck(one!, 2));
    });

    it('let the third attempt through, whatever the rate', () => {
      const plan = faultsByRate({ rate: 1, seed: 1 });
      const attempts = [1, 2, 3, 4, 5, 6].map((attempt) => plan(request('a', attempt)));
      assert.deepEqual(
        attempts.map((one) => one !== undefined),
        [true, true, false, true, true, false],
      );
    });

    it('leave out what would change the answers, unless it is asked for', () => {
      const seen = new Set(struck(faultsByRate({ rate: 1, seed: 1 })));
      assert.ok(seen.has('empty-choices') && seen.has('truncated'));
      assert.ok(!seen.has('refusal') && !seen.has('no-logprobs'));
      const kinds: FaultKind[] = ['refusal', 'no-logprobs'];
      assert.deepEqual(new Set(struck(faultsByRate({ rate: 1, seed: 1, kinds }))), new Set(kinds));
    });

    it('spoil no choices where there are none', () => {
      const files = struck(faultsByRate({ rate: 1, seed: 1 }), 1, '/files');
      assert.ok(files.includes('malformed') && !files.includes('empty-choices'));
    });
  });
});
