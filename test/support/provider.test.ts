import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, it } from 'mocha';
import OpenAI, { toFile } from 'openai';
import { goldAnswer } from './provider/model.ts';
import { type Provider, type ProviderOptions, startProvider } from './provider/provider.ts';

const MODEL = 'smollm2-135m-instruct';
const EMBEDDER = 'all-minilm-l6-v2';
const LABELS = ['animal', 'artifact', 'food', 'person', 'plant'];
const system = { role: 'system' as const, content: `Classify.\nLabels: ${LABELS.join(', ')}` };
const ask = (question: string) => [system, { role: 'user' as const, content: question }];
const questions = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `thing number ${from + index}`);

describe('the stand-in provider', () => {
  let provider: Provider;
  afterEach(() => provider.close());

  async function start(options: ProviderOptions = {}, apiKey = 'none'): Promise<OpenAI> {
    provider = await startProvider(options);
    return new OpenAI({ baseURL: provider.baseURL, apiKey, maxRetries: 0 });
  }
  const upload = async (client: OpenAI, text: string) =>
    client.files.create({ file: await toFile(Buffer.from(text), 'f.jsonl'), purpose: 'fine-tune' });
  const trainingFile = (count: number) =>
    questions(0, count)
      .map((question) => ({ role: 'assistant', content: goldAnswer(question, LABELS), question }))
      .map(({ question, ...answer }) => JSON.stringify({ messages: [...ask(question), answer] }))
      .join('\n');
  const status = (expected: number) => (error: unknown) =>
    error instanceof OpenAI.APIError && error.status === expected;

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
      assert.equal(provider.journal.repeats('/chat/completions'), 1);
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

    it('says 429 beyond its capacity, and when to come back', async () => {
      const client = await start({ capacity: 2, latencyMs: 250 });
      const chat = (question: string) =>
        client.chat.completions.create({ model: MODEL, messages: ask(question) });
      const all = await Promise.allSettled(['a', 'b', 'c', 'd'].map(chat));
      const refused = all.filter((one) => one.status === 'rejected');
      assert.equal(refused.length, 2);
      const error = refused[0]!.reason as InstanceType<typeof OpenAI.APIError>;
      assert.equal(error.status, 429);
      assert.equal(error.headers!.get('retry-after'), '1');
      assert.equal(error.headers!.get('x-ratelimit-limit-requests'), '2');
      await chat('e');
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

  describe('fine-tuning jobs', () => {
    const create = async (client: OpenAI, metadata?: Record<string, string>) =>
      client.fineTuning.jobs.create({
        model: MODEL,
        training_file: (await upload(client, trainingFile(60))).id,
        metadata,
      });

    it('walk through their states, and make a better model', async () => {
      const client = await start();
      const { id, status: first } = await create(client);
      const seen: string[] = [first];
      let job = await client.fineTuning.jobs.retrieve(id);
      for (; !job.finished_at; job = await client.fineTuning.jobs.retrieve(id))
        seen.push(job.status);
      assert.deepEqual(
        [...seen, job.status],
        ['validating_files', 'queued', 'running', 'succeeded'],
      );
      assert.ok(job.trained_tokens! > 0);
      const events = await client.fineTuning.jobs.listEvents(id, { limit: 3 });
      assert.match(events.data[0]!.message, /succeeded/);
      assert.deepEqual(events.data[1]!.data, { step: 10, total_steps: 10, train_loss: 0.182 });
      const checkpoints = await client.fineTuning.jobs.checkpoints.list(id);
      assert.equal(checkpoints.data.length, 2);

      const evaluate = async (model: string) => {
        const right: boolean[] = [];
        const entropies: Record<'right' | 'wrong', number[]> = { right: [], wrong: [] };
        for (const question of questions(1000, 1200)) {
          const request = { model, messages: ask(question), temperature: 0, logprobs: true };
          const { choices } = await client.chat.completions.create(request);
          const isRight = choices[0]!.message.content === goldAnswer(question, LABELS);
          right.push(isRight);
          entropies[isRight ? 'right' : 'wrong'].push(-choices[0]!.logprobs!.content![0]!.logprob);
        }
        const mean = (values: number[]) =>
          values.reduce((sum, one) => sum + one, 0) / values.length;
        assert.ok(mean(entropies.wrong) > mean(entropies.right));
        return right.filter(Boolean).length / right.length;
      };
      const base = await evaluate(MODEL);
      const tuned = await evaluate(job.fine_tuned_model!);
      assert.ok(base > 0.15 && base < 0.5, `base ${base}`);
      assert.ok(tuned > base + 0.25 && tuned < 1, `tuned ${tuned}`);
      await evaluate(checkpoints.data[0]!.fine_tuned_model_checkpoint);
    });

    it('are found by their metadata, page by page, newest first', async () => {
      const client = await start();
      const ids = [];
      for (const key of ['a', 'b', 'a', 'a']) ids.push((await create(client, { key })).id);
      const found = [];
      const query = { metadata: { key: 'a' }, limit: 1 };
      for await (const job of client.fineTuning.jobs.list(query)) found.push(job.id);
      assert.deepEqual(found, [ids[3], ids[2], ids[0]]);
      await assert.rejects(create(client, { key: 'x'.repeat(513) }), status(400));
    });

    it('are held until the test lets them end, in any state it wants', async () => {
      const client = await start({ holdJobs: true });
      const jobs = client.fineTuning.jobs;
      const [held, failed, odd, gone] = [
        await create(client),
        await create(client),
        await create(client),
        await create(client),
      ];
      for (let poll = 0; poll < 5; poll++) await jobs.retrieve(held.id);
      assert.equal((await jobs.retrieve(held.id)).status, 'running');
      provider.jobs.release();
      assert.equal((await jobs.retrieve(held.id)).status, 'succeeded');
      provider.jobs.finish(failed.id, 'failed');
      assert.equal((await jobs.retrieve(failed.id)).error!.code, 'server_error');
      provider.jobs.finish(odd.id, { status: 'succeeded', fine_tuned_model: null });
      assert.equal((await jobs.retrieve(odd.id)).fine_tuned_model, null);
      provider.jobs.remove(gone.id);
      await assert.rejects(jobs.retrieve(gone.id), status(404));
    });

    it('can be cancelled while they go on', async () => {
      const client = await start({ jobScript: ['queued', 'paused', 'succeeded'] });
      const { id } = await create(client);
      assert.equal((await client.fineTuning.jobs.retrieve(id)).status, 'paused');
      assert.equal((await client.fineTuning.jobs.cancel(id)).status, 'cancelled');
      await assert.rejects(client.fineTuning.jobs.cancel(id), status(400));
    });

    it('fail for a file that is no training file, and are refused without one', async () => {
      const client = await start();
      const { jobs } = client.fineTuning;
      const training_file = (await upload(client, 'not JSON')).id;
      const { id } = await jobs.create({ model: MODEL, training_file });
      assert.equal((await jobs.retrieve(id)).error!.code, 'invalid_training_file');
      await assert.rejects(jobs.create({ model: MODEL, training_file: 'none' }), status(400));
      await assert.rejects(jobs.create({ model: 'none', training_file }), status(400));
    });
  });

  describe('faults', () => {
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
      provider.setFaults(() => ({ status: 400, body: { error: { code: 'content_filter' } } }));
      await assert.rejects(chat(client), { code: 'content_filter' });
      provider.setFaults(undefined);
      await chat(client);
    });

    it('break connections before or after the work is done', async () => {
      const client = await start({ faults: () => 'cut-before' });
      await assert.rejects(chat(client), OpenAI.APIConnectionError);
      provider.setFaults(() => 'cut-after');
      await assert.rejects(chat(client), OpenAI.APIConnectionError);
      provider.setFaults(() => 'truncated');
      await assert.rejects(chat(client));
      const [before, after, half] = provider.journal.entries;
      assert.deepEqual([before!.status, before!.fault], [undefined, 'cut-before']);
      assert.deepEqual([after!.status, after!.fault], [200, 'cut-after']);
      assert.deepEqual([half!.status, half!.attempt], [200, 3]);
    });

    it('leave a job behind when the answer to its creation is lost', async () => {
      const client = await start();
      const training_file = (await upload(client, trainingFile(3))).id;
      provider.setFaults(({ path }) => (path === '/fine_tuning/jobs' ? 'cut-after' : undefined));
      await assert.rejects(client.fineTuning.jobs.create({ model: MODEL, training_file }));
      assert.equal(provider.jobs.all().length, 1);
    });

    it('spoil answers', async () => {
      const client = await start({ faults: () => 'empty-choices' });
      assert.deepEqual((await chat(client)).choices, []);
      provider.setFaults(() => 'no-logprobs');
      assert.equal((await chat(client)).choices[0]!.logprobs, null);
      provider.setFaults(() => 'wrong-type');
      assert.equal((await chat(client)).choices, undefined);
    });

    it('keep a client waiting', async () => {
      const client = await start({ faults: () => 'hang' });
      const patience = new AbortController();
      const waiting = client.models.list({ signal: patience.signal });
      await provider.journal.waitFor((journal) => journal.entries.length === 1);
      patience.abort();
      await assert.rejects(waiting, OpenAI.APIUserAbortError);
      assert.equal(provider.journal.entries[0]!.status, undefined);
    });
  });

  describe('the journal', () => {
    it('can be awaited, and fails who waits in vain', async () => {
      const client = await start();
      const { journal } = provider;
      const second = journal.waitFor(() => journal.count('/models', { method: 'GET' }) === 2);
      await client.models.list();
      await client.models.list();
      await second;
      const never = assert.rejects(
        journal.waitFor(() => false),
        /closed/,
      );
      await provider.close();
      await never;
    });
  });
});

describe('the stand-in provider as a process', () => {
  it('prints its URL and shows its journal', async () => {
    const main = fileURLToPath(new URL('./provider/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, '--port', '0']);
    try {
      const [baseURL] = (await once(createInterface(child.stdout), 'line')) as [string];
      await new OpenAI({ baseURL, apiKey: 'none' }).models.list();
      const journal = await fetch(new URL('/__journal', baseURL));
      const entries = (await journal.json()) as { path: string }[];
      assert.deepEqual(
        entries.map((entry) => entry.path),
        ['/models'],
      );
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });
});
