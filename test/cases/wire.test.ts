import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { AnswerTally } from '../../core/tally.ts';
import type { FaultPlan } from '../../testing/faults.ts';
import type { QuirkName } from '../../testing/quirks/index.ts';
import { useTemporal } from '../support/suite.ts';
import { type Circumstances, figuresOf, type Result, SmallRuns } from './smallRuns.ts';

describe('a small run', () => {
  const temporal = useTemporal();
  let runs: SmallRuns;
  /** Against a server without quirks. */
  let plain: Result;
  before(async () => {
    runs = new SmallRuns(temporal);
    plain = await runs.run();
  });

  /** That nothing is other than without the quirks, and nothing was paid for twice. */
  const isAsPlain = (result: Result) => {
    assert.deepEqual(figuresOf(result), figuresOf(plain));
    assert.equal(result.provider.jobs.all().length, plain.provider.jobs.all().length);
  };
  const sum = (result: Result, of: keyof AnswerTally) =>
    result.report!.answers.reduce((total, tally) => total + Number(tally[of]), 0);
  /** Before anything but a few words was paid for. */
  const isUnspent = ({ provider }: Result) => {
    assert.equal(provider.jobs.all().length, 0);
    assert.equal(provider.requests({ kind: 'upload', status: 200 }).length, 0);
    assert.ok(provider.requests({ kind: 'embeddings', status: 200 }).length <= 1);
    assert.ok(provider.requests({ kind: 'chat', status: 200 }).length <= 2);
  };

  /** A test of each quirk; with the first all their runs begin. */
  const each = (
    quirks: QuirkName[],
    check: (result: Result) => void,
    circumstances: Circumstances = {},
  ) => {
    const begin = (quirk: QuirkName) => {
      const result = runs.run({ ...circumstances, quirks: [quirk] });
      result.catch(() => {}); // its own test tells
      return [quirk, result] as const;
    };
    let results: Map<QuirkName, Promise<Result>> | undefined;
    for (const quirk of quirks)
      it(quirk, async () => {
        results ??= new Map(quirks.map(begin));
        check(await results.get(quirk)!);
      });
  };

  describe('takes answers in any form', () => {
    const forms: QuirkName[] = [
      ...(['parts', 'think-inline', 'think-close-only'] as const),
      ...(['logprob-null', 'logprob-9999'] as const),
    ];
    each(forms, (result) => {
      isAsPlain(result);
      assert.equal(result.provider.repeats('chat'), 0);
    });

    describe('and stops before it trains on nothing, where no answer comes', () =>
      each(['think-cut', 'think-separate'], ({ failure, provider }) => {
        assert.equal(failure?.type, 'AnswersCut');
        assert.match(failure.message, /raise maxTokens/);
        assert.ok(provider.jobs.all().length <= 1, 'no job after the warm-up');
        assert.equal(provider.repeats('chat'), 0);
      }));
  });

  describe('learns what a server refuses', () => {
    each(['max-tokens', 'seed', 'system'], isAsPlain);

    it('temperature: answers are drawn as the server likes', async () => {
      const result = await runs.run({ quirks: ['temperature'] });
      assert.equal(sum(result, 'answers'), sum(plain, 'answers'));
      assert.equal(sum(result, 'unread'), 0);
    });

    it('n-400: samples are drawn one by one', async () => {
      const collaborators = [{ name: 'three', samples: 3, temperature: 1 }];
      const result = await runs.run({ quirks: ['n-400'], spec: { collaborators } });
      const [three] = result.report!.answers;
      assert.deepEqual([three!.answers, three!.unread], [3 * 20, 0]);
    });
  });

  it('bears all oddities of a server together', async () => {
    const quirks: QuirkName[] = [
      ...(['models-403', 'max-tokens', 'temperature', 'seed', 'n-400', 'system'] as const),
      ...(['embed-32', 'embed-base64-refused', 'think-inline', 'logprob-null'] as const),
      ...(['job-metadata-refused', 'job-SUCCESS', 'model-later', 'context-tgi'] as const),
    ];
    const result = await runs.run({ quirks, extra: { unlabelled: 'the poison of number 94' } });
    assert.equal(result.failure, undefined);
    assert.equal(sum(result, 'givenUp'), 4, 'one example, by each collaborator');
    assert.equal(sum(result, 'unread'), 4);
    assert.equal(result.provider.jobs.all().length, plain.provider.jobs.all().length);
  });

  describe('does without what one example is refused', () => {
    const extra = { unlabelled: 'the poison of number 90', test: 'the poison of number 91' };
    each(
      ['context-llamacpp', 'context-tgi', 'context-500'],
      (result) => {
        const { examples, answers } = result.report!;
        assert.deepEqual([examples.unlabelled, examples.test], [21, 13]);
        for (const { stage, collaborator, givenUp } of answers)
          if (stage !== 'justify') assert.equal(givenUp, 1, `${stage}, ${collaborator}`);
        assert.equal(sum(result, 'answers') - sum(result, 'givenUp'), sum(plain, 'answers'));
      },
      { extra },
    );

    it('embed-500', async () => {
      const poison = { labelled: 'the poison of number 92', ...extra };
      const result = await runs.run({ quirks: ['embed-500'], extra: poison });
      const { examples, withoutVector } = result.report!;
      assert.deepEqual([examples.labelled, withoutVector], [46, 2]);
      assert.equal(sum(result, 'givenUp'), 0, 'they are asked all the same');
    });

    it('embed-long: its beginning is embedded', async () => {
      const long = `${'a long way to '.repeat(60)} number 93`;
      const result = await runs.run({
        quirks: ['embed-long'],
        extra: { labelled: long, unlabelled: `not ${long}` },
      });
      const { examples, withoutVector } = result.report!;
      assert.deepEqual([examples.unlabelled, withoutVector], [21, 0]);
    });
  });

  describe('embeds as much at a time as a server takes', () => {
    each(['embed-32', 'embed-tokens', 'embed-base64-refused'], isAsPlain);
  });

  describe('takes a list of models for a hint', () => {
    const lists: QuirkName[] = [
      ...(['models-array', 'models-latest', 'models-deployments'] as const),
      ...(['models-403', 'models-405', 'models-200-error'] as const),
    ];
    each(lists, isAsPlain);

    it('and refuses a model that is not there before anything is spent', async () => {
      for (const quirks of [[], ['models-403']] satisfies QuirkName[][])
        for (const spec of [{ model: { name: 'nobody' } }, { embedding: { name: 'nobody' } }]) {
          const result = await runs.run({ quirks, spec });
          assert.equal(result.failure?.type, 'ModelNotFound');
          assert.match(result.failure.message, /nobody/);
          isUnspent(result);
        }
    });
  });

  describe('says that there is no money, and goes on by itself when there is', () => {
    const cases: [QuirkName, RegExp][] = [
      ['pay-402', /402/],
      ['quota', /insufficient_quota/],
      ['error-200', /402/],
    ];
    it(cases.map(([quirk]) => quirk).join(', '), async () => {
      const broke = ([quirk, words]: [QuirkName, RegExp]) =>
        runs.run({
          // Slow enough for some to be left.
          provider: { latencyMs: 20 },
          endpoint: { maxInFlight: 4 },
          async meanwhile({ provider, untilSaid }) {
            await provider.untilRequest({ kind: 'chat' }, 10);
            provider.setQuirks([quirk]);
            await untilSaid(words);
            provider.setQuirks([]);
          },
        });
      // At the same time: whoever has no money is not asked often.
      for (const result of await Promise.all(cases.map(broke))) isAsPlain(result);
    });
  });

  describe('trains at servers of all kinds', () => {
    it('no-tuning: refused before anything is spent', async () => {
      const result = await runs.run({ quirks: ['no-tuning'] });
      assert.match(result.failure!.message, /fine-tun/);
      isUnspent(result);
    });

    each(['job-completed', 'job-SUCCESS', 'model-later'], isAsPlain);

    for (const quirk of ['job-no-metadata', 'job-metadata-refused'] as const)
      it(`${quirk}: a job whose answer was lost is found again all the same`, async () => {
        let cut = 0;
        const isMade: FaultPlan = ({ method, path, metadata }) => {
          const isCreate = method === 'POST' && path === '/fine_tuning/jobs';
          const isRefused = quirk === 'job-metadata-refused' && metadata !== undefined;
          return isCreate && !isRefused && cut++ === 0 ? 'cut-after' : undefined;
        };
        isAsPlain(await runs.run({ quirks: [quirk], provider: { faults: isMade } }));
        assert.ok(cut > 0);
      });

    it('job-canceled', async () => {
      const { failure, provider } = await runs.run({ quirks: ['job-canceled'] });
      assert.equal(failure?.type, 'JobCancelled');
      assert.equal(provider.jobs.all().length, 1);
    });
  });
});
