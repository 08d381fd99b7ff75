import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RequestBody } from '../../testing/requests.ts';
import { aProvider, endpointAt, MODEL, request } from './support.ts';

describe('An endpoint learns what a model refuses', () => {
  const here = aProvider();

  type Body = RequestBody & { messages: { role: string; content: string }[] };
  const refuse = (isRefused: (body: Body) => boolean, status: number, answer: object) =>
    here.provider.setFaults(({ body }) =>
      isRefused(body as Body) ? { status, body: answer } : undefined,
    );
  const schema = { type: 'object', properties: {}, required: [], additionalProperties: false };
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
      (body) => Number(body.n ?? 1) > 1,
      400,
      { error: { code: 400, message: 'Only one completion choice is allowed' } },
    ],
    'the system role': [
      ({ messages }) => messages.some(({ role }) => role === 'system'),
      400,
      { object: 'error', message: 'System role not supported', code: 400 },
    ],
    'the form of answers': [
      (body) => body.response_format !== undefined,
      400,
      { error: { message: "'response_format' of type 'json_schema' is not supported." } },
    ],
    top_logprobs: [
      (body) => body.top_logprobs !== undefined,
      400,
      { error: { message: 'top_logprobs: at most 0, without logprobs', param: 'top_logprobs' } },
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
      const endpoint = endpointAt(here.provider, {}, (notice) => notices.push(notice));
      const first = await endpoint.chat({ ...request, schema, topLogprobs: 5, seeds: [40, 41] });
      assert.ok(first.length === 2 && first.every(({ text }) => text !== ''));
      const before = here.provider.requests().length;
      await endpoint.chat({ ...request, schema, topLogprobs: 5 });
      const [entry, ...more] = here.provider.requests().slice(before);
      assert.deepEqual([entry!.status, more.length], [200, 0]);
      assert.equal(entry!.body!.logprobs, true);
      assert.match(notices.join(), /does not take/);
    });

  it('and what it takes goes on to be sent', async () => {
    refuse((body) => body.seed !== undefined, 400, { error: { message: 'No seed.' } });
    const endpoint = endpointAt(here.provider);
    await endpoint.chat({ ...request, schema });
    const bodies = here.provider.requests({ kind: 'chat', status: 200 }).map(({ body }) => body);
    assert.deepEqual(
      bodies.map(({ response_format }) => response_format),
      [{ type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } }],
    );
  });

  const several = ['max_tokens', 'temperature', 'logprobs'];
  const orders = several.flatMap((first) => {
    const [a, b] = several.filter((other) => other !== first) as [string, string];
    return [
      [first, a, b],
      [first, b, a],
    ];
  });
  for (const order of orders)
    it(`several of them, of which it names the first: ${order.join(', ')}`, async () => {
      here.provider.setFaults(({ body }) => {
        const param = order.find((name) => body?.[name] !== undefined);
        return param
          ? { status: 400, body: { error: { message: `No ${param}.`, param } } }
          : undefined;
      });
      const [sample] = await endpointAt(here.provider).chat(request);
      assert.notEqual(sample!.text, '');
    });

  it('before a run, by a probe', async () => {
    refuse((body) => body.max_tokens !== undefined, 400, { error: { message: 'No.' } });
    const endpoint = endpointAt(here.provider);
    assert.equal(await endpoint.probeChat(MODEL), 'form-learned');
    assert.equal(await endpoint.probeChat(MODEL), 'answers');
    const before = here.provider.requests().length;
    await endpoint.chat(request);
    assert.equal(here.provider.requests().length, before + 1);
  });
});
