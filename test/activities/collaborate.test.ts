import assert from 'node:assert/strict';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, describe, it } from 'mocha';
import type { Answer } from '../../core/answer.ts';
import type { Pass } from '../../core/passes.ts';
import { seedFor } from '../../core/sampling.ts';
import { usageOf } from '../../core/usage.ts';
import type { FaultPlan } from '../../testing/faults.ts';
import type { RequestBody } from '../../testing/requests.ts';
import { failedFor } from '../support/stack.ts';
import {
  attempt,
  environment,
  type Laboratory,
  models,
  one,
  openLaboratory,
  pool,
  ref,
  type SetUp,
} from './support.ts';

const range = { from: 0, to: 20 };
const input = { ...ref, pass: 'propagate' as Pass, range, models, endpoint: 'local' };
const alone = [{ name: 'alone', shots: 0 }];

describe('collaborate', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  const open = async (more: SetUp = {}) => {
    lab = await openLaboratory({ ...more, spec: { collaborators: alone, ...more.spec } });
  };
  const stored = (): Promise<Answer[]> =>
    lab.tables.answers({ round: 1, stage: 'collaborate', range });
  const answered = () => lab.provider.requests({ kind: 'chat', status: 200 }).length;
  const no = (status: number) => ({ status, body: { error: { message: 'No.' } } });
  const asks = (body: RequestBody | undefined, ordinal: number) =>
    JSON.stringify(body).includes(`unlabelled question ${ordinal}"`);
  const keyOf = ({ exampleId, collaborator, sample }: Answer) =>
    [exampleId, collaborator, sample].join();

  it('stores every answer with what it was made of', async () => {
    await open();
    await attempt(lab.activities.collaborate, input);
    const answers = await stored();
    assert.equal(answers.length, 20);
    for (const { text, parsed, entropy, promptTokens, model, exampleId, ordinal } of answers) {
      assert.equal(parsed, text);
      assert.ok(entropy! > 0 && promptTokens! > 0);
      assert.equal(model, models.base);
      assert.equal(exampleId, one('unlabelled', ordinal).id);
    }
  });

  it('asks after a failure only for what is missing, with the same questions', async () => {
    await open({ spec: { collaborators: [...alone, { name: 'warm', shots: 0, temperature: 1 }] } });
    lab.provider.setFaults(({ index }) => (index > 15 ? no(400) : undefined));
    await assert.rejects(attempt(lab.activities.collaborate, input), /answered 400/);
    const first = await stored();
    assert.equal(first.length, answered(), 'every answer that came is stored');
    assert.ok(first.length > 0 && first.length < 40);

    lab.provider.setFaults(undefined);
    await attempt(lab.activities.collaborate, input, 2);
    assert.equal(answered(), 40);
    assert.equal(lab.provider.repeats('chat'), 0);
    const all = await stored();
    assert.equal(new Set(all.map(keyOf)).size, 40);
    assert.deepEqual(
      all.filter((answer) => first.some((known) => keyOf(known) === keyOf(answer))),
      first,
      'what was stored stays',
    );

    await attempt(lab.activities.collaborate, input);
    assert.equal(answered(), 40, 'a repetition of the whole asks nothing');
  });

  it('stores the answers under way when another request fails', async () => {
    // A refusal comes at once, the answers to its neighbours 50 ms later.
    await open({ endpoint: { maxInFlight: 4 }, provider: { latencyMs: 50 } });
    lab.provider.setFaults(({ index }) => (index > 4 ? no(422) : undefined));
    await assert.rejects(attempt(lab.activities.collaborate, input), /answered 422/);
    assert.equal((await stored()).length, answered());
    assert.equal(answered(), 4);
  });

  it('goes on where one request is too long for the model', async () => {
    await open();
    lab.provider.setFaults(({ body }) => (asks(body, 5) ? no(400) : undefined));
    await attempt(lab.activities.collaborate, input);
    const unreadable = (await stored()).filter(({ parsed }) => parsed === null);
    assert.deepEqual(
      unreadable.map(({ text, entropy, finishReason }) => [text, entropy, finishReason]),
      [['', null, 'refused:400']],
    );
  });

  it('fails where most examples of a batch had to be given up, and says for what', async () => {
    await open();
    lab.provider.setFaults(({ body }) => {
      for (let ordinal = 0; ordinal < 14; ordinal++)
        if (asks(body, ordinal)) return ordinal < 8 ? no(400) : 'empty-choices';
      return undefined;
    });
    await assert.rejects(attempt(lab.activities.collaborate, input), (error: Error) => {
      assert.ok(failedFor('MostlyUnanswered')(error));
      assert.match(error.message, /14 of 20 examples.*refused:400 8, unreadable 6/);
      return true;
    });
    assert.equal((await stored()).length, 6);
  });

  it('stores what has come when it is cancelled, and only then says so', async () => {
    await open({ endpoint: { maxInFlight: 2 } });
    lab.provider.setFaults(({ index }) => (index > 6 ? 'hang' : undefined));
    const surroundings = environment();
    const running = surroundings.run(lab.activities.collaborate, input);
    // With two in flight, the seventh and eighth are sent once the first six have been answered.
    await lab.provider.untilRequest({}, 8);
    surroundings.cancel();
    await assert.rejects(running, CancelledFailure);
    assert.equal((await stored()).length, 6);

    lab.provider.setFaults(undefined);
    await attempt(lab.activities.collaborate, input, 2);
    assert.equal(answered(), 20);
    assert.equal((await stored()).length, 20);
  });

  describe('when its worker stops', () => {
    const stop = async (faults?: FaultPlan) => {
      await open({ endpoint: { maxInFlight: 2 }, provider: { latencyMs: 50, faults } });
      const surroundings = environment();
      const running = surroundings.run(lab.activities.collaborate, input);
      await lab.provider.untilRequest({}, 2);
      surroundings.cancel('WORKER_SHUTDOWN');
      await assert.rejects(running, CancelledFailure);
    };

    it('stores what is under way, begins nothing new, and leaves the rest to the next', async () => {
      await stop();
      assert.equal(lab.provider.requests().length, 2);
      assert.equal((await stored()).length, 2);
      await attempt(lab.activities.collaborate, input, 2);
      assert.equal(answered(), 20);
    });

    it('gives up what outlasts the grace', async () => {
      await stop(({ index }) => (index === 2 ? 'hang' : undefined));
      assert.equal((await stored()).length, 1);
    });
  });

  const sampling = {
    collaborators: [
      { name: 'two', shots: 0, temperature: 0.7, samples: 2 },
      { name: 'one', shots: 0, temperature: 0.7 },
      { name: 'greedy', shots: 0 },
    ],
  };

  it('makes one request of the collaborators that differ only in name and number of samples', async () => {
    await open({ spec: sampling });
    await attempt(lab.activities.collaborate, input);
    const sent = lab.provider.requests().map(({ n }) => n ?? 1);
    assert.equal(sent.length, 40);
    assert.equal(sent.filter((n) => n === 3).length, 20);
    const answers = await stored();
    assert.equal(new Set(answers.map(keyOf)).size, 80);
    const spend = usageOf(await lab.tables.spend(1), 'collaborate');
    assert.equal(spend.requests, 40, 'the prompt of a request is counted once');
  });

  it('asks each collaborator with its own sampling, up to the wire', async () => {
    const collaborators = [
      { name: 'plain', shots: 0 },
      { name: 'again', shots: 0 },
      { name: 'nucleus', shots: 0, temperature: 1, topP: 0.9, maxTokens: 4 },
      { name: 'guided', shots: 0, maxTokens: 12, system: 'Labels: plant. Name it.' },
    ];
    await open({ spec: { collaborators, maxTokens: 8 } });
    await attempt(lab.activities.collaborate, { ...input, range: { from: 0, to: 1 } });
    const sent = lab.provider.requests({ kind: 'chat' }).map(({ body }) => body);
    assert.deepEqual(
      sent
        .map(({ n, temperature, top_p, max_tokens }) => [max_tokens, temperature, top_p, n])
        .sort(([a], [b]) => a! - b!),
      [
        [4, 1, 0.9, undefined],
        [8, 0, undefined, 2],
        [12, 0, undefined, undefined],
      ],
    );
    const systemOf = ({ messages }: RequestBody) => (messages as { content: string }[])[0]!.content;
    const own = sent.filter((body) => systemOf(body) === 'Labels: plant. Name it.');
    assert.deepEqual(
      own.map(({ max_tokens }) => max_tokens),
      [12],
      'only its own system prompt is another',
    );
  });

  it('asks each collaborator at its endpoint, by the means and at the prices of that', async () => {
    const prices = (input: number) => ({ shared: { input, output: 0 } });
    await open({
      spec: {
        model: { name: 'shared' },
        collaborators: [
          { name: 'here', shots: 0, model: 'shared', temperature: 1, samples: 2 },
          { name: 'there', shots: 0, endpoint: 'elsewhere', model: 'shared', samples: 2 },
        ],
      },
      endpoint: { prices: prices(1_000_000) },
      provider: { models: ['shared'] },
      elsewhere: {
        endpoint: { prices: prices(3_000_000) },
        provider: { models: ['shared'], supportsN: false },
      },
    });
    const here = await attempt(lab.activities.collaborate, input);
    assert.equal(lab.elsewhere!.requests().length, 0);
    const there = await attempt(lab.activities.collaborate, { ...input, endpoint: 'elsewhere' });
    const answers = await stored();
    const of = (endpoint: string) => answers.filter((answer) => answer.endpoint === endpoint);
    assert.deepEqual(
      ['local', 'elsewhere'].map((name) => new Set(of(name).map((one) => one.collaborator))),
      [new Set(['here']), new Set(['there'])],
    );
    assert.equal(answered(), 20, 'two samples a request');
    assert.equal(lab.elsewhere!.requests({ kind: 'chat', status: 200 }).length, 40);
    const used = await lab.tables.spend(1);
    assert.deepEqual(
      used.map(({ endpoint, model, requests }) => [endpoint, model, requests]).sort(),
      [
        ['elsewhere', 'shared', 40],
        ['local', 'shared', 20],
      ],
    );
    const tokensAt = (name: string) => used.find((one) => one.endpoint === name)!.promptTokens;
    assert.deepEqual(
      [here.spent.cost, there.spent.cost],
      [tokensAt('local'), 3 * tokensAt('elsewhere')],
    );
  });

  describe('where a model is away', () => {
    const goesWithout = (goOnAfterMinutes: number): SetUp => ({
      spec: {
        collaborators: [
          ...alone,
          { name: 'there', shots: 0, endpoint: 'elsewhere', model: 'large', goOnAfterMinutes },
        ],
      },
      elsewhere: { provider: { models: ['large'] }, endpoint: { maxInFlight: 2 } },
    });
    const there = { ...input, endpoint: 'elsewhere' };
    const down = { status: 503, headers: { 'retry-after-ms': '1' } };

    it('goes on without it after so long, for good, at no cost', async () => {
      await open(goesWithout(0.002));
      const elsewhere = lab.elsewhere!;
      elsewhere.setFaults(() =>
        elsewhere.requests({ kind: 'chat', status: 200 }).length < 6 ? undefined : down,
      );
      await attempt(lab.activities.collaborate, there);
      const answers = await stored();
      assert.equal(answers.length, 20);
      const away = answers.filter(({ finishReason }) => finishReason === 'away');
      assert.equal(away.length, 20 - elsewhere.requests({ kind: 'chat', status: 200 }).length);
      assert.ok(away.length >= 12);
      for (const { text, parsed, promptTokens, endpoint, model } of away)
        assert.deepEqual(
          [text, parsed, promptTokens, endpoint, model],
          ['', null, 0, 'elsewhere', 'large'],
        );

      elsewhere.setFaults(undefined);
      const asked = elsewhere.requests().length;
      await attempt(lab.activities.collaborate, there, 2);
      assert.equal(
        elsewhere.requests().length,
        asked,
        'what was gone on without is not asked again',
      );
    });

    it('goes on counting where another attempt has begun to', async () => {
      await open(goesWithout(10));
      lab.elsewhere!.setFaults(() => down);
      const since = Date.now() - 11 * 60_000;
      const kept = { '["elsewhere","large"]': since };
      await environment(2, { kept }).run(lab.activities.collaborate, there);
      assert.ok((await stored()).every(({ finishReason }) => finishReason === 'away'));
    });

    it('tells the next attempt since when', async () => {
      await open(goesWithout(10));
      lab.elsewhere!.setFaults(() => down);
      const surroundings = environment();
      const begun = Date.now();
      const told = new Promise<number>((resolve) => {
        surroundings.on('heartbeat', ({ kept }: { kept?: Record<string, number> }) => {
          const since = kept?.['["elsewhere","large"]'];
          if (since !== undefined) resolve(since);
        });
      });
      const running = surroundings.run(lab.activities.collaborate, there);
      assert.ok((await told) >= begun);
      surroundings.cancel();
      await assert.rejects(running, CancelledFailure);
    });

    it('counts anew once it has answered', async () => {
      await open(goesWithout(10));
      const kept = { '["elsewhere","large"]': Date.now() - 11 * 60_000 };
      await environment(2, { kept }).run(lab.activities.collaborate, there);
      assert.ok((await stored()).every(({ parsed }) => parsed !== null));
    });
  });

  it('draws the samples one by one where the endpoint knows no n', async () => {
    await open({ spec: { ...sampling, seed: 5 }, endpoint: { supportsN: false } });
    const first = { from: 0, to: 1 };
    await attempt(lab.activities.collaborate, { ...input, range: first });
    const seeds = [0, 0, 1, 2].map((draw) => seedFor(5, one('unlabelled', 0).id, draw));
    const sent = lab.provider.requests().map((entry) => [entry.n, entry.seed]);
    assert.deepEqual(
      sent.sort(([, a], [, b]) => a! - b!),
      seeds.sort((a, b) => a - b).map((seed) => [undefined, seed]),
    );
    assert.equal((await stored()).length, 4);
  });

  it('shows the stored neighbours as worked examples, the nearest last', async () => {
    const examples = [...pool('unlabelled', 1), ...pool('labelled', 5)];
    await open({ spec: { collaborators: [{ name: 'nearest', shots: 2, skip: 1 }] }, examples });
    const exampleId = one('unlabelled', 0).id;
    const labelled = [4, 0, 3, 1];
    const similarities = [0.9, 0.8, 0.7, 0.6];
    await lab.tables.addNeighbours([
      { round: 1, split: 'unlabelled', ordinal: 0, exampleId, labelled, similarities },
    ]);
    let sent: RequestBody | undefined;
    lab.provider.setFaults(({ body }) => {
      sent = body;
      return undefined;
    });
    await attempt(lab.activities.collaborate, { ...input, range: { from: 0, to: 1 } });
    const turns = (sent!.messages as { role: string; content: string }[]).slice(1);
    const [third, first] = [3, 0].map((ordinal) => one('labelled', ordinal));
    assert.deepEqual(
      turns.map(({ content }) => content),
      [third!.question, third!.answer, first!.question, first!.answer, 'unlabelled question 0'],
    );
  });
});
