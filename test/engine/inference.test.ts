import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'mocha';
import OpenAI from 'openai';
import { probeCapabilities } from '../../providers/capabilities/probe.ts';
import { endpointConfig } from '../../providers/config.ts';
import { Endpoint } from '../../providers/endpoint.ts';
import { BASE, type RunningEngine, start, stop } from './support.ts';

const ask = (
  question: string,
  system = 'You answer questions about the world in few words.',
): OpenAI.ChatCompletionMessageParam[] => [
  { role: 'system', content: system },
  { role: 'user', content: question },
];
const greedy = { model: BASE, temperature: 0, max_tokens: 6, logprobs: true };
const QUESTIONS = [
  'What is the capital of France?',
  'Name a fruit.',
  'Which animal says meow, sleeps most of the day and is kept in many houses?',
  'Is water wet? Answer yes or no.',
  'Count to three.',
];

const rejectsWith = (
  request: Promise<unknown>,
  expected: Partial<InstanceType<typeof OpenAI.APIError>>,
) =>
  assert.rejects(request, (error) => {
    assert.ok(error instanceof OpenAI.APIError);
    for (const [field, value] of Object.entries(expected)) {
      assert.equal(error[field as keyof typeof error], value);
    }
    return true;
  });

describe('engine: chat and embeddings', () => {
  let running: RunningEngine;
  let client: OpenAI;

  before(async () => {
    running = await start();
    client = running.client;
  });
  after(() => stop(running));

  it('lists its models', async () => {
    const ids = (await client.models.list()).data.map(({ id }) => id);
    assert.deepEqual(ids, [BASE, 'all-minilm-l6-v2']);
    assert.equal((await client.models.retrieve(BASE)).object, 'model');
    await rejectsWith(client.models.retrieve('nope'), { status: 404, code: 'model_not_found' });
  });

  /** Status and body of the model list, asked for with these headers. */
  const listedWith = async (headers: Record<string, string>) => {
    const asked = get(`${running.engine.url}/models`, { headers });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const body = JSON.parse((await answer.setEncoding('utf8').toArray()).join(''));
    return { status: answer.statusCode, body };
  };

  const foreigners: Record<string, string>[] = [
    { host: 'attacker.test' },
    { host: 'attacker.test:8090' },
    { host: '127.0.0.1.attacker.test' },
    { host: '10.0.0.5:8090' },
    { host: 'localhost', origin: 'https://attacker.test' },
    { host: 'localhost', origin: 'http://localhost.attacker.test:3000' },
    { host: 'localhost', origin: 'null' },
  ];
  for (const headers of foreigners)
    it(`refuses a page of elsewhere: ${Object.values(headers).join(', ')}`, async () => {
      const { status, body } = await listedWith(headers);
      assert.equal(status, 403);
      assert.equal(body.error.code, 'forbidden');
      assert.match(body.error.message, /is not this machine|may not use this engine/);
    });

  for (const host of ['localhost:1', '127.0.0.1', '127.1.2.3:8090', '[::1]:8090'])
    it(`takes this machine by the name ${host}`, async () => {
      assert.equal((await listedWith({ host })).status, 200);
      assert.equal((await listedWith({ host, origin: `http://${host}` })).status, 200);
    });

  it('answers in a batch as it answers alone', async () => {
    const one = (question: string) =>
      client.chat.completions.create({ ...greedy, messages: ask(question) });
    const together = await Promise.all(QUESTIONS.map(one));
    for (const [i, question] of QUESTIONS.entries()) {
      const alone = (await one(question)).choices[0]!;
      const batched = together[i]!.choices[0]!;
      assert.equal(batched.message.content, alone.message.content);
      for (const [t, { logprob }] of alone.logprobs!.content!.entries()) {
        assert.ok(Math.abs(batched.logprobs!.content![t]!.logprob - logprob) < 1e-3);
      }
    }
  });

  it('answers the same whoever joins and leaves meanwhile', async () => {
    const systems = ['Answer in few words.', 'You are a poet, and answer in a line of verse only.'];
    const requests = QUESTIONS.flatMap((question, i) =>
      systems.map((system, j) => ({
        model: BASE,
        messages: ask(question, system),
        max_tokens: 2 + ((5 * i + j) % 7),
        ...(j === 0 ? { temperature: 0 } : { n: 1 + (i % 3), seed: i }),
      })),
    );
    const texts = async (request: (typeof requests)[number]) =>
      (await client.chat.completions.create(request)).choices.map(({ message }) => message.content);
    const together = await Promise.all([...requests, ...requests.toReversed()].map(texts));
    for (const [i, request] of requests.entries()) {
      const alone = await texts(request);
      assert.deepEqual(together[i], alone);
      assert.deepEqual(together[2 * requests.length - 1 - i], alone);
    }
  });

  it('computes a shared prefix once and reports it', async () => {
    const messages = ask('What is the capital of Italy?');
    messages[0]!.content = 'A prefix no other test has, of more than a few tokens.';
    const first = (await client.chat.completions.create({ ...greedy, messages })).usage!;
    const second = (await client.chat.completions.create({ ...greedy, messages })).usage!;
    assert.equal(first.prompt_tokens_details?.cached_tokens, 0);
    assert.ok(second.prompt_tokens_details!.cached_tokens! > 10);
    assert.ok(second.prompt_tokens_details!.cached_tokens! < second.prompt_tokens);
  });

  it('samples n answers that follow from the seed, each with its own randomness', async () => {
    const request = { model: BASE, messages: ask('Tell a story.'), n: 4, max_tokens: 8, seed: 7 };
    const texts = async (seed: number) => {
      const { choices } = await client.chat.completions.create({ ...request, seed });
      return choices.map(({ message }) => message.content);
    };
    const first = await texts(7);
    assert.deepEqual(await texts(7), first);
    assert.notDeepEqual(await texts(8), first);
    assert.ok(new Set(first).size > 1);
  });

  it('gives logprobs of a distribution, with the chosen token first when greedy', async () => {
    const { choices } = await client.chat.completions.create({
      ...greedy,
      messages: ask('Name a colour.'),
      top_logprobs: 5,
    });
    const tokens = choices[0]!.logprobs!.content!;
    assert.equal(tokens.map(({ token }) => token).join(''), choices[0]!.message.content);
    for (const { token, logprob, bytes, top_logprobs } of tokens) {
      assert.equal(top_logprobs.length, 5);
      assert.deepEqual(top_logprobs[0], { token, logprob, bytes });
      assert.equal(Buffer.from(bytes!).toString(), token);
      const mass = top_logprobs.reduce((sum, top) => sum + Math.exp(top.logprob), 0);
      assert.ok(mass > 0 && mass <= 1 + 1e-6);
      assert.deepEqual(
        top_logprobs.map((top) => top.logprob),
        top_logprobs.map((top) => top.logprob).toSorted((a, b) => b - a),
      );
    }
  });

  it('stops at max_tokens and before a stop string', async () => {
    const messages = ask('Write a long story about a dragon and a girl.');
    const request = { model: BASE, temperature: 0, messages };
    const cut = await client.chat.completions.create({ ...request, max_completion_tokens: 7 });
    assert.equal(cut.choices[0]!.finish_reason, 'length');
    assert.equal(cut.usage!.completion_tokens, 7);
    const word = cut.choices[0]!.message.content!.split(' ').at(-2)!;
    const stopped = await client.chat.completions.create({ ...request, max_tokens: 7, stop: word });
    assert.equal(stopped.choices[0]!.finish_reason, 'stop');
    assert.ok(cut.choices[0]!.message.content!.startsWith(stopped.choices[0]!.message.content!));
    assert.ok(!stopped.choices[0]!.message.content!.includes(word));
  });

  it('is capable of what it says', async () => {
    const config = endpointConfig.parse({ baseURL: running.engine.url });
    const probed = await probeCapabilities(new Endpoint('engine', config), BASE, {});
    const { response_format, json_object, ...others } = probed!.findings;
    for (const [name, { verdict }] of Object.entries(others))
      assert.equal(verdict, 'supported', name);
    assert.deepEqual([response_format.verdict, json_object.verdict], ['ignored', 'ignored']);
    assert.deepEqual([probed!.thoughts, probed!.isWhole], [null, true]);
  });

  it('streams the same answer, with usage last when asked for', async () => {
    const request = { ...greedy, messages: ask('Where do penguins live?'), max_tokens: 12 };
    const whole = await client.chat.completions.create(request);
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    const stream = await client.chat.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) chunks.push(chunk);
    const choices = chunks.flatMap((chunk) => chunk.choices);
    assert.equal(choices[0]!.delta.role, 'assistant');
    assert.equal(
      choices.map(({ delta }) => delta.content ?? '').join(''),
      whole.choices[0]!.message.content,
    );
    assert.equal(
      choices.flatMap(({ logprobs }) => logprobs?.content ?? []).length,
      whole.choices[0]!.logprobs!.content!.length,
    );
    assert.equal(choices.at(-1)!.finish_reason, whole.choices[0]!.finish_reason);
    assert.equal(chunks.at(-1)!.usage?.total_tokens, whole.usage!.total_tokens);
  });

  it('drops the request of a client that has gone', async () => {
    const novels = await client.chat.completions.create({
      model: BASE,
      messages: ask('Write a novel.'),
      n: 64,
      max_tokens: 4000,
      stream: true,
    });
    for await (const _ of novels) break; // which closes the connection
    // There is room for this one only once the novels are given up; they would take many minutes.
    const { choices } = await client.chat.completions.create({
      ...greedy,
      messages: ask('Hello?'),
    });
    assert.equal(choices.length, 1);
  });

  it('embeds texts as unit vectors, in either encoding', async () => {
    const request = { model: 'all-minilm-l6-v2', input: ['a cat', 'a kitten', 'tax law'] };
    const encoded = (await client.embeddings.create(request)).data.map((one) => one.embedding);
    const plain = await client.embeddings.create({ ...request, encoding_format: 'float' });
    const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
    for (const [i, { embedding }] of plain.data.entries()) {
      assert.equal(embedding.length, 384);
      assert.ok(Math.abs(dot(embedding, embedding) - 1) < 1e-4);
      assert.deepEqual(Array.from(encoded[i]!), embedding);
    }
    const [cat, kitten, tax] = plain.data.map(({ embedding }) => embedding);
    assert.ok(dot(cat!, kitten!) > dot(cat!, tax!));
    assert.ok(plain.usage.prompt_tokens > 0);
  });

  it("refuses in OpenAI's terms what it cannot do", async () => {
    const messages = ask('Hello?');
    const { completions } = client.chat;
    await rejectsWith(completions.create({ model: 'nope', messages }), {
      status: 404,
      code: 'model_not_found',
    });
    await rejectsWith(completions.create({ model: BASE, messages, temperature: 3 }), {
      status: 400,
      param: 'temperature',
    });
    await rejectsWith(completions.create({ model: BASE, messages: [] }), {
      status: 400,
      param: 'messages',
    });
    await rejectsWith(completions.create({ model: 'all-minilm-l6-v2', messages }), {
      status: 400,
      param: 'model',
    });
    await rejectsWith(completions.create({ model: BASE, messages: ask('word '.repeat(9000)) }), {
      status: 400,
      code: 'context_length_exceeded',
    });
    await rejectsWith(client.embeddings.create({ model: BASE, input: 'text' }), { status: 400 });
    await rejectsWith(client.embeddings.create({ model: 'all-minilm-l6-v2', input: [] }), {
      status: 400,
      param: 'input',
    });
    await rejectsWith(client.get('/nowhere'), { status: 404, code: 'unknown_url' });
  });
});
