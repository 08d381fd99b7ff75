import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { FaultPlan } from '../support/provider/faults.ts';
import type { QuirkName } from '../support/provider/quirks/index.ts';
import { figuresOf, type Result, SmallRuns } from './small-runs.ts';

const CHAT = '/chat/completions';

describe('a small run', function () {
  this.timeout(120_000);
  let runs: SmallRuns;
  /** Against a server without quirks. */
  let plain: Result;
  before(async () => {
    runs = await SmallRuns.open();
    plain = await runs.run();
  });
  after(() => runs?.close());

  /** That nothing is other than without the quirks, and nothing was paid for twice. */
  const isAsPlain = (result: Result) => {
    assert.deepEqual(figuresOf(result), figuresOf(plain));
    assert.equal(result.provider.jobs.all().length, plain.provider.jobs.all().length);
  };

  describe('takes answers in any form', () => {
    const forms: QuirkName[] = [
      ...(['parts', 'think-inline', 'think-close-only'] as const),
      ...(['logprob-null', 'logprob-9999'] as const),
    ];
    for (const quirk of forms)
      it(quirk, async () => {
        const result = await runs.run({ quirks: [quirk] });
        isAsPlain(result);
        assert.equal(result.provider.journal.repeats(CHAT), 0);
      });

    for (const quirk of ['think-cut', 'think-separate'] as const)
      it(`${quirk}: where no answer comes, it stops before it trains on nothing`, async () => {
        const { failure, provider } = await runs.run({ quirks: [quirk] });
        assert.equal(failure?.type, 'AnswersCut');
        assert.match(failure.message, /raise maxTokens/);
        assert.ok(provider.jobs.all().length <= 1, 'no job after the warm-up');
        assert.equal(provider.journal.repeats(CHAT), 0);
      });
  });

  describe('trains at servers of all kinds', () => {
    for (const quirk of ['job-completed', 'job-SUCCESS', 'model-later'] as const)
      it(quirk, async () => isAsPlain(await runs.run({ quirks: [quirk] })));

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
