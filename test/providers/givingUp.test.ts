import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Fault } from '../../testing/faults.ts';
import type { RequestBody } from '../../testing/requests.ts';
import { aProvider, endpointAt, request, soon } from './support.ts';

describe('An endpoint gives up one request', () => {
  const here = aProvider();

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
        here.provider.setFaults((one) => (isPoison(one) ? fault : undefined));
        const endpoint = endpointAt(here.provider);
        const seeds = others.startsWith('while') ? [1, 2, 3, 4, 5] : [];
        const all = await Promise.all([
          endpoint.chat({ ...poison, seeds: [7, 8] }),
          ...seeds.map((seed) => endpoint.chat({ ...request, seeds: [seed] })),
        ]);
        for (const { text, tokens, promptTokens, finishReason } of all.shift()!)
          assert.deepEqual([text, tokens, promptTokens, finishReason], ['', null, 0, reason]);
        assert.ok(all.flat().every(({ text }) => text !== ''));
        assert.equal(endpoint.trouble, undefined);
      });

  for (const status of [200, 403, 404])
    it(`but never for a page of HTML with ${status}, which something between has sent`, async () => {
      const headers = { 'content-type': 'text/html' };
      const page: Fault = { status, headers, body: '<p>Soon.</p>' };
      here.provider.setFaults((one) => (isPoison(one) ? page : undefined));
      const endpoint = endpointAt(here.provider);
      const asking = endpoint.chat({ ...poison, seeds: [7] });
      await here.provider.until(() => here.chats().filter(({ seed }) => seed === 7).length > 15);
      here.provider.setFaults(undefined);
      assert.equal((await asking)[0]!.finishReason, 'stop');
    });

  it('but takes an answer without text for one', async () => {
    here.always({
      status: 200,
      body: { choices: [{ message: { content: null }, finish_reason: 'length' }] },
    });
    const [sample] = await endpointAt(here.provider).chat(request);
    assert.deepEqual([sample!.text, sample!.finishReason], ['', 'length']);
  });
});
