import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import OpenAI from 'openai';
import { LABELS } from '../../testing/task.ts';
import { ask, EMBEDDER, MODEL, questions, status, upload, useStandIn } from './client.ts';

describe('the stand-in provider', () => {
  const standIn = useStandIn();
  const { start } = standIn;

  describe('chat', () => {
    it('answers the same request the same way, and samples by seed', async () => {
      const client = await start();
      const request = { model: MODEL, messages: ask('thing'), logprobs: true, seed: 7, n: 4 };
      const first = await client.chat.completions.create(request);
      const again = await client.chat.completions.create(request);
      assert.deepEqual(again.choices, first.choices);
      assert.equal(first.choices.length, 4);
      for (const { message, logprobs } of first.choices) {
        assert.ok(LABELS.includes(message.content!));
        assert.equal(logprobs!.content!.map((one) => one.token).join(''), message.content);
        assert.ok(logprobs!.content!.every((one) => one.logprob < 0));
      }
      assert.ok(first.usage!.prompt_tokens_details!.cached_tokens! > 0);
      assert.equal(standIn.provider.repeats('chat'), 1);
    });

    it('errs elsewhere with another seed of its own', async () => {
      const answersOf = async (seed: number | undefined) => {
        const client = await start({ seed });
        const answers = questions(0, 40).map(async (question) => {
          const { choices } = await client.chat.completions.create({
            model: MODEL,
            messages: ask(question),
          });
          return choices[0]!.message.content;
        });
        return Promise.all(answers).finally(() => standIn.provider.close());
      };
      assert.deepEqual(await answersOf(0), await answersOf(undefined));
      assert.notDeepEqual(await answersOf(1), await answersOf(0));
    });

    it('stops at the most tokens, and weighs candidates where it is given some', async () => {
      const client = await start();
      const messages = ask('thing\n\nCandidate answers:\n- food\n- plant\n\nChoose.');
      const request = { model: MODEL, messages };
      const whole = await client.chat.completions.create(request);
      assert.match(whole.choices[0]!.message.content!, /\nAnswer: (food|plant)$/);
      const cut = await client.chat.completions.create({ ...request, max_tokens: 2 });
      assert.equal(cut.choices[0]!.finish_reason, 'length');
      assert.equal(cut.usage!.completion_tokens, 2);
    });

    it('reads lettered options', async () => {
      const client = await start();
      const content = 'Which?\nA. one\nB. two\nC. three';
      const { choices } = await client.chat.completions.create({
        model: MODEL,
        messages: [{ role: 'user', content }],
      });
      assert.match(choices[0]!.message.content!, /^[ABC]$/);
    });

    it('refuses what its options leave out', async () => {
      const client = await start({ supportsN: false, logprobs: false, apiKey: 'right' }, 'right');
      const chat = (more: object, model = MODEL) =>
        client.chat.completions.create({ model, messages: ask('thing'), ...more });
      await chat({ n: 1 });
      await assert.rejects(chat({ n: 2 }), { status: 400, param: 'n' });
      await assert.rejects(chat({ logprobs: true }), { status: 400, param: 'logprobs' });
      await assert.rejects(chat({}, 'none'), { status: 404, code: 'model_not_found' });
      const stranger = client.withOptions({ apiKey: 'wrong' });
      await assert.rejects(stranger.models.list(), { status: 401, code: 'invalid_api_key' });
    });
  });

  it('embeds texts that share words near each other', async () => {
    const client = await start();
    const input = ['a red fish swims', 'the red fish swims', 'taxes rise again'];
    const embedded = async (encoding_format: 'float' | 'base64') => {
      const result = await client.embeddings.create({ model: EMBEDDER, input, encoding_format });
      return result.data.map((one) => one.embedding);
    };
    const [a, b, c] = await embedded('float');
    const cosine = (x: number[], y: number[]) =>
      x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    assert.equal(a!.length, 32);
    assert.ok(Math.abs(cosine(a!, a!) - 1) < 1e-6);
    assert.ok(cosine(a!, b!) > cosine(a!, c!) + 0.3);
    const { data } = await client.embeddings.create({ model: EMBEDDER, input });
    assert.deepEqual([...data[1]!.embedding], b);
    assert.equal(typeof (await embedded('base64'))[0], 'string');
    await assert.rejects(client.embeddings.create({ model: EMBEDDER, input: '' }), status(400));
  });

  it('keeps files', async () => {
    const client = await start();
    const file = await upload(client, 'hello');
    const twin = await upload(client, 'hello');
    assert.notEqual(twin.id, file.id);
    assert.equal((await client.files.retrieve(file.id)).bytes, 5);
    assert.equal(await (await client.files.content(file.id)).text(), 'hello');
    const listed = [];
    for await (const one of client.files.list({ limit: 1, purpose: 'fine-tune' }))
      listed.push(one.id);
    assert.deepEqual(listed, [twin.id, file.id]);
    await client.files.delete(file.id);
    await assert.rejects(client.files.retrieve(file.id), status(404));
  });

  describe('its requests', () => {
    it('tells the same request again, and whether its answer was delivered', async () => {
      const client = await start({ latencyMs: 100 });
      const chat = (signal?: AbortSignal) =>
        client.chat.completions.create({ model: MODEL, messages: ask('a') }, { signal });
      await chat();
      const patience = new AbortController();
      const left = assert.rejects(chat(patience.signal), OpenAI.APIUserAbortError);
      await standIn.provider.untilRequest({}, 2);
      patience.abort();
      await left;
      await chat();
      const [first, second, third] = standIn.provider.requests();
      await standIn.provider.until(() => third!.delivered !== undefined);
      assert.ok(first!.answeredAt! - first!.arrivedAt >= 99);
      assert.deepEqual([first!.attempt, second!.attempt, third!.attempt], [1, 2, 3]);
      assert.deepEqual(
        [first!.delivered, !second!.delivered, third!.delivered],
        [true, true, true],
      );
    });

    it('can be awaited, and fails who waits in vain', async () => {
      const client = await start();
      const second = standIn.provider.untilRequest({ path: '/models', method: 'GET' }, 2);
      await client.models.list();
      await client.models.list();
      await second;
      const never = assert.rejects(
        standIn.provider.until(() => false),
        /closed/,
      );
      await standIn.provider.close();
      await never;
    });
  });
});
