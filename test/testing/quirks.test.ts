import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import OpenAI from 'openai';
import type { Provider } from '../../testing/provider.ts';
import type { QuirkName } from '../../testing/quirks/index.ts';
import { LABELS } from '../../testing/task.ts';
import { ask, EMBEDDER, MODEL, startBoth, trainingFile, upload } from './client.ts';

describe('quirks of the stand-in provider', () => {
  let provider: Provider;
  let client: OpenAI;
  before(async () => {
    ({ provider, client } = await startBoth());
  });
  after(() => provider.close());

  const set = (...names: QuirkName[]) => provider.setQuirks(names);
  const chat = (more: object = {}, question = 'thing') =>
    client.chat.completions.create({
      ...{ model: MODEL, messages: ask(question), logprobs: true },
      ...more,
    });
  const choice = async () => (await chat()).choices[0]!;
  const embed = (input: string[], more: object = { encoding_format: 'float' }) =>
    client.embeddings.create({ model: EMBEDDER, input, ...more });

  it('refuse one example for good, in the words of each server', async () => {
    for (const [name, status] of [
      ['context-llamacpp', 400],
      ['context-tgi', 422],
      ['context-500', 500],
    ] as const) {
      set(name);
      await assert.rejects(chat({}, 'a poison'), { status });
      await chat();
    }
  });

  it('want money', async () => {
    set('error-200');
    const answer = (await chat()) as unknown as { error: { code: number } };
    assert.equal(answer.error.code, 402);
    set('pay-402');
    await assert.rejects(chat(), { status: 402 });
    await assert.rejects(embed(['a']), { status: 402 });
    set('quota');
    await assert.rejects(chat(), { status: 429, code: 'insufficient_quota' });
  });

  it('give content in other forms', async () => {
    set();
    const right = (await choice()).message.content!;
    assert.ok(LABELS.includes(right));
    set('parts');
    const parts = (await choice()).message.content as unknown as { type: string; text: string }[];
    assert.deepEqual(
      parts.map(({ type, text }) => [type, text]),
      [
        ['thinking', undefined],
        ['text', right],
      ],
    );
    for (const [name, form] of [
      ['think-inline', /^<think>\n[^<]+\n<\/think>\n\n\w+$/],
      ['think-close-only', /^[^<]+\n<\/think>\n\n\w+$/],
    ] as const) {
      set(name);
      const { message, logprobs } = await choice();
      assert.match(message.content!, form);
      assert.ok(message.content!.endsWith(`\n\n${right}`));
      assert.equal(logprobs!.content!.map(({ token }) => token).join(''), message.content);
    }
    set('think-cut');
    const cut = await choice();
    assert.equal(cut.finish_reason, 'length');
    assert.match(cut.message.content!, /^<think>\n[^<]+$/);
    assert.equal(cut.logprobs!.content!.map(({ token }) => token).join(''), cut.message.content);
    set('think-separate');
    const separate = await choice();
    assert.deepEqual([separate.message.content, separate.finish_reason], ['', 'length']);
    assert.ok('reasoning_content' in separate.message);
  });

  it('give log-probabilities that are none', async () => {
    set('logprob-null');
    assert.equal((await choice()).logprobs!.content!.at(-1)!.logprob, null);
    set('logprob-9999');
    assert.equal((await choice()).logprobs!.content!.at(-1)!.logprob, -9999);
  });

  it('refuse parameters, and answer without them', async () => {
    for (const [name, refused, taken] of [
      ['max-tokens', { max_tokens: 9 }, { max_completion_tokens: 9 }],
      ['temperature', { temperature: 0 }, { temperature: 1 }],
      ['seed', { seed: 1 }, {}],
      ['n-400', { n: 2 }, { n: 1 }],
    ] as const) {
      set(name);
      await assert.rejects(chat(refused), OpenAI.APIError);
      await chat(taken);
    }
    set();
    const right = (await choice()).message.content;
    set('system');
    await assert.rejects(chat(), { status: 400 });
    const content = ask('thing')
      .map((message) => message.content)
      .join('\n\n');
    const folded = await chat({ messages: [{ role: 'user', content }] });
    assert.equal(folded.choices[0]!.message.content, right);
  });

  it('lie about what they are capable of', async () => {
    set('lie-logprobs-nan');
    const answer = await fetch(`${provider.baseURL}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, messages: ask('thing'), logprobs: true }),
    });
    assert.match(await answer.text(), /"logprob":NaN[,}]/);
    const values = async (name: QuirkName) => {
      set(name);
      return (await choice()).logprobs?.content?.map(({ logprob }) => logprob);
    };
    assert.deepEqual(await values('lie-logprobs-none'), undefined);
    assert.deepEqual(await values('lie-logprobs-empty'), []);
    assert.deepEqual(await values('lie-logprobs-clamped'), [-9999]);
    assert.ok((await values('lie-logprobs-positive'))![0]! > 0);
    const two = async (name: QuirkName) => {
      set(name);
      const { choices } = await chat({ n: 2, temperature: 1 }, 'Probe: say something');
      return choices.map(({ message }) => message.content);
    };
    assert.equal((await two('lie-n')).length, 1);
    const [first, copy, ...more] = await two('lie-n-copies');
    assert.deepEqual([copy, more], [first, []]);
    set('lie-max-tokens');
    const { usage } = await chat({ max_tokens: 2 }, 'Probe: count');
    assert.ok(usage!.completion_tokens > 2);
  });

  it('answer otherwise each time', async () => {
    set('unsteady');
    const answers = await Promise.all(Array.from({ length: 20 }, () => chat({ seed: 1 })));
    assert.ok(new Set(answers.map(({ choices }) => JSON.stringify(choices))).size > 1);
  });

  it('limit embeddings', async () => {
    const texts = (count: number, words = 1) => Array<string>(count).fill('word '.repeat(words));
    for (const [name, refused, taken, status] of [
      ['embed-32', texts(33), texts(32), 413],
      ['embed-tokens', texts(4, 100), texts(3, 100), 400],
      ['embed-long', texts(1, 201), texts(10, 200), 400],
      ['embed-500', ['a', 'poison'], ['a'], 500],
    ] as const) {
      set(name);
      await assert.rejects(embed([...refused]), { status });
      assert.equal((await embed([...taken])).data.length, taken.length);
    }
    set('embed-base64-refused');
    await assert.rejects(embed(['a'], {}), { status: 400 });
    await embed(['a']);
  });

  it('list models in other forms, or not at all', async () => {
    const list = async (name: QuirkName) => {
      set(name);
      return (await fetch(`${provider.baseURL}/models`)).json() as Promise<never>;
    };
    assert.ok(Array.isArray(await list('models-array')));
    const latest = (await list('models-latest')) as { data: { id: string }[] };
    assert.equal(latest.data[0]!.id, `${MODEL}:latest`);
    const others = (await list('models-deployments')) as typeof latest;
    assert.ok(!others.data.some(({ id }) => id === MODEL));
    const facts = (await list('models-facts')) as { data: { shutdown_date: string }[] };
    assert.equal(facts.data[0]!.shutdown_date, '2031-05-01');
    assert.match(JSON.stringify(await list('models-200-error')), /Returning 200 anyway/);
    for (const [name, status] of [
      ['models-403', 403],
      ['models-405', 405],
    ] as const) {
      set(name);
      await assert.rejects(client.models.list(), { status });
    }
    await chat();
  });

  describe('of jobs', () => {
    const create = async (more: object = {}) =>
      client.fineTuning.jobs.create({
        ...{ model: MODEL, training_file: (await upload(client, trainingFile(3))).id },
        ...more,
      });
    const run = async (...names: QuirkName[]) => {
      set(...names);
      let job = await create();
      for (let look = 0; look < 3; look++) job = await client.fineTuning.jobs.retrieve(job.id);
      return job;
    };

    it('there is no tuning', async () => {
      set('no-tuning');
      await assert.rejects(upload(client, 'x'), { status: 404 });
      await assert.rejects(client.fineTuning.jobs.list(), { status: 404 });
      await chat();
    });

    it('states have other names', async () => {
      const completed = await run('job-completed');
      assert.equal(String(completed.status), 'completed');
      assert.ok(completed.fine_tuned_model);
      assert.equal(String((await run('job-SUCCESS')).status), 'SUCCESS');
      const canceled = await run('job-canceled');
      assert.deepEqual([String(canceled.status), canceled.fine_tuned_model], ['canceled', null]);
      const { data } = await client.fineTuning.jobs.list();
      assert.ok(data.every(({ status }) => String(status) === 'canceled'));
    });

    it('metadata is forgotten, or refused', async () => {
      const metadata = { key: 'a' };
      set('job-no-metadata');
      assert.equal((await create({ metadata })).metadata, null);
      const { data } = await client.fineTuning.jobs.list({ metadata: { key: 'b' } });
      assert.ok(data.length > 0);
      set('job-metadata-refused');
      await assert.rejects(create({ metadata }), { status: 422 });
      await create();
    });

    it('a model is there some time after its job', async () => {
      const { fine_tuned_model } = await run('model-later');
      const asked = performance.now();
      const tuned = () => chat({ model: fine_tuned_model! });
      await assert.rejects(tuned(), { status: 404, code: 'model_not_found' });
      for (let answered = false; !answered; )
        answered = await tuned().then(
          () => true,
          () => false,
        );
      assert.ok(performance.now() - asked > 1_500);
    });
  });
});
