import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type OpenAI from 'openai';
import type { ChatAnswer } from '../../testing/index.ts';
import type { Provider } from '../../testing/provider.ts';
import { LABELS } from '../../testing/task.ts';
import { ask, EMBEDDER, MODEL, startBoth, trainingFile, upload } from './client.ts';

describe('answers that a test writes for the stand-in provider', () => {
  let provider: Provider;
  let client: OpenAI;
  beforeEach(async () => {
    ({ provider, client } = await startBoth());
  });
  afterEach(() => provider.close());

  const chat = async (more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}) =>
    (await client.chat.completions.create({ model: MODEL, messages: ask('a thing'), ...more }))
      .choices;
  const text = async () => (await chat())[0]!.message.content;

  it('are one for all, or follow from the request, or are made up', async () => {
    provider.setAnswers({ chat: 'plant' });
    assert.equal(await text(), 'plant');
    provider.setAnswers({
      chat: ({ text, attempt, model }) => (text === 'a thing' ? `${model} ${attempt}` : undefined),
    });
    assert.equal(await text(), `${MODEL} 2`);
    const [other] = await chat({ messages: ask('another thing') });
    assert.ok(LABELS.includes(other!.message.content!));
  });

  it('are used up in order; probes and what is refused take none', async () => {
    provider.setAnswers({ chat: ['one', { status: 503 }, 'two'] });
    assert.equal(await text(), 'one');
    await chat({ max_tokens: 1 });
    await assert.rejects(chat({ model: 'none' }), { status: 404 });
    await assert.rejects(chat(), { status: 503 });
    assert.equal(await text(), 'two');
    assert.ok(LABELS.includes((await text())!));
  });

  it('have the entropy they are given, or no log-probabilities', async () => {
    const said = async (answer: ChatAnswer) => {
      provider.setAnswers({ chat: answer });
      const [{ message, logprobs }] = (await chat({ logprobs: true })) as [
        OpenAI.ChatCompletion.Choice,
      ];
      return [message.content, logprobs?.content?.map(({ logprob }) => logprob)];
    };
    const sure = { text: 'Answer: food\n', entropy: 0.7 };
    assert.deepEqual(await said(sure), ['Answer: food\n', [-0.7, -0.7, -0.7]]);
    assert.deepEqual(await said({ ...sure, entropy: null }), ['Answer: food\n', undefined]);
  });

  it('differ by sample, refuse, fail, and are cut', async () => {
    provider.setAnswers({ chat: { samples: ['a', { refusal: 'No.' }] } });
    const drawn = await chat({ n: 3, logprobs: true });
    assert.deepEqual(
      drawn.map(({ message }) => message.content ?? message.refusal),
      ['a', 'No.', 'a'],
    );
    provider.setAnswers({ chat: { text: 'a', finishReason: 'content_filter' } });
    assert.equal((await chat())[0]!.finish_reason, 'content_filter');
    provider.setAnswers({ chat: 'one two three' });
    const [cut] = await chat({ max_tokens: 2 });
    assert.deepEqual([cut!.message.content, cut!.finish_reason], ['one two', 'length']);
    provider.setAnswers({ chat: { status: 403, code: 'content_filter', message: 'Not this.' } });
    await assert.rejects(chat(), { status: 403, code: 'content_filter', message: /Not this/ });
  });

  it('are held back by a promise', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    provider.setFaults(() => promise);
    const answer = text();
    const { body } = await provider.untilRequest({ kind: 'chat' });
    assert.deepEqual(body.messages, ask('a thing'));
    assert.equal(provider.requests({ status: 200 }).length, 0);
    resolve(undefined);
    await answer;
    assert.equal(provider.requests({ kind: 'chat', model: MODEL, status: 200 }).length, 1);
  });

  it('are vectors of texts', async () => {
    provider.setAnswers({ embedding: (of) => (of === 'b' ? [0, 1] : [1, 0]) });
    const { data } = await client.embeddings.create({ model: EMBEDDER, input: ['a', 'b'] });
    assert.deepEqual(
      data.map(({ embedding }) => [...embedding]),
      [
        [1, 0],
        [0, 1],
      ],
    );
  });

  it('say what becomes of each job', async () => {
    provider.setAnswers({ jobs: ({ suffix }) => (suffix === 'bad' ? 'fails' : ['succeeded']) });
    const training_file = (await upload(client, trainingFile(2))).id;
    const create = (suffix: string) =>
      client.fineTuning.jobs.create({ model: MODEL, training_file, suffix });
    assert.equal((await create('good')).status, 'succeeded');
    const { id } = await create('bad');
    provider.jobs.finish(id, 'failed');
    assert.equal(provider.jobs.get(id).status, 'failed');
    assert.deepEqual(
      provider.requests({ kind: 'job' }).map(({ body }) => body.suffix),
      ['good', 'bad'],
    );
  });

  it('end with their scope', async () => {
    let address: string;
    {
      await using short = (await startBoth({ answers: { chat: 'a' } })).provider;
      address = `${short.baseURL}/models`;
      assert.ok((await fetch(address)).ok);
    }
    await assert.rejects(fetch(address));
  });
});
