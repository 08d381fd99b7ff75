import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { APIError } from 'openai';
import { disguisedError, inOneForm, isOutOfMoney, saidBy, saidIn } from '../../providers/said.ts';

describe('what a provider says of an error', () => {
  const forms: Record<string, [body: unknown, said: object]> = {
    OpenAI: [
      { error: { message: 'No.', type: 'invalid_request_error', param: 'n', code: 'bad' } },
      { message: 'No.', param: 'n', code: 'bad' },
    ],
    'OpenAI without a code': [
      { error: { message: 'No.', type: 'server_error', code: null } },
      { message: 'No.', code: 'server_error' },
    ],
    TGI: [
      { error: 'Input validation error', error_type: 'validation' },
      { message: 'Input validation error', code: 'validation' },
    ],
    vLLM: [
      { object: 'error', message: 'Too long.', code: 400, param: null },
      { message: 'Too long.', code: '400' },
    ],
    FastAPI: [{ detail: 'Not Found' }, { message: 'Not Found' }],
    Pydantic: [
      { detail: [{ type: 'missing', loc: ['body', 'seed'], msg: 'Field required' }] },
      { message: 'Field required', param: 'seed' },
    ],
    Mistral: [
      { message: { detail: [{ type: 'extra_forbidden', loc: ['body', 'seed'] }] } },
      { message: 'extra_forbidden', param: 'seed' },
    ],
    gRPC: [
      { code: 5, message: 'job not found', details: [] },
      { message: 'job not found', code: '5' },
    ],
  };
  for (const [whose, [body, said]] of Object.entries(forms))
    it(`is found in the form of ${whose}`, () => {
      assert.deepEqual(JSON.parse(JSON.stringify(saidIn(body))), said);
    });

  it('is nothing where something else speaks', () => {
    for (const body of ['<html>', '', null, [], { message: 'no Route matched' }, { status: 404 }])
      assert.equal(saidIn(body), undefined);
  });

  const errorOf = async (status: number, body: string, headers: object = {}) => {
    const one = await inOneForm(new Response(body, { status, headers: { ...headers } }));
    const text = await one.text();
    const json = text === '' ? undefined : JSON.parse(text);
    return { error: APIError.generate(status, json, undefined, one.headers), headers: one.headers };
  };

  it('comes where the client looks for it, with the headers that say when to ask again', async () => {
    const { error, headers } = await errorOf(429, '{"detail":"slow down"}', { 'retry-after': '7' });
    assert.deepEqual(saidBy(error), { message: 'slow down' });
    assert.equal(headers.get('retry-after'), '7');
    assert.equal(headers.get('x-should-retry'), null);
  });

  it('keeps the client from repeating what a second does not mend', async () => {
    const quota = '{"error":{"code":"insufficient_quota","message":"You exceeded your quota"}}';
    for (const [status, body] of [
      [429, quota],
      [402, '{"error":"Insufficient Balance"}'],
      [503, '<html>maintenance</html>'],
    ] as const) {
      const { headers } = await errorOf(status, body);
      assert.equal(headers.get('x-should-retry'), 'false', body);
    }
  });

  it('leaves an answer as it is', async () => {
    const answer = new Response('{"choices":[]}');
    assert.equal(await inOneForm(answer), answer);
  });

  it('tells money from a rate', () => {
    assert.ok(isOutOfMoney(402, undefined));
    assert.ok(isOutOfMoney(429, { code: 'insufficient_quota' }));
    assert.ok(isOutOfMoney(429, { message: 'Insufficient credits.' }));
    assert.ok(!isOutOfMoney(429, { message: 'Rate limit reached for requests' }));
    assert.ok(!isOutOfMoney(400, { message: 'insufficient funds of knowledge' }));
  });

  it('is found under the status of a success', () => {
    const statusOf = (body: unknown) => disguisedError(body, new Headers())?.status;
    assert.equal(statusOf({ error: { message: 'Insufficient credits.', code: 402 } }), 402);
    assert.equal(statusOf({ error: { message: 'overloaded', code: 'busy' }, choices: [] }), 500);
    assert.equal(statusOf({ error: 'Unexpected endpoint. Returning 200 anyway' }), 500);
    for (const body of [
      { id: 'ftjob-1', status: 'failed', error: { message: 'NaN' } },
      { choices: [{}], error: null },
      { data: [] },
      [],
    ])
      assert.equal(statusOf(body), undefined);
  });
});
