import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { setUpSearchAttributes } from '../../client/searchAttributes.ts';
import type { Budget } from '../../core/budget.ts';
import type { RunSpec } from '../../core/spec.ts';
import type { RunStatus } from '../../core/status.ts';
import { addUsage, NO_USAGE, type Usage, usageOf } from '../../core/usage.ts';
import { openStore } from '../../store/store.ts';
import type { Provider } from '../../testing/provider.ts';
import { compare, readTables } from '../chaos/tables.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { type Bench, failedFor, writeTask } from '../support/stack.ts';
import { useBench, useOwnTemporal } from '../support/suite.ts';
import { untilHeld } from './support.ts';

const SIZES = { labelled: 10, unlabelled: 40, test: 20 };
const MODEL = 'smollm2-135m-instruct';
const PRICES = {
  [MODEL]: { input: 10, cachedInput: 5, output: 40, training: 0.01, asOf: '2026-11-27' },
  'all-minilm-l6-v2': { input: 1 },
};

/** What the provider has charged for, by its own journal; probes cost next to nothing. */
function charged({ requests, jobs }: Provider): Usage {
  const asked = [...requests({ kind: 'chat' }), ...requests({ kind: 'embeddings' })];
  const tokens = asked.map(({ usage }) => ({ ...usage, requests: usage ? 1 : 0 }));
  const trained = jobs.all().map(({ trained_tokens }) => ({
    requests: 1,
    trainedTokens: trained_tokens ?? 0,
  }));
  return [...tokens, ...trained].reduce<Usage>(addUsage, NO_USAGE);
}

describe('a run with a budget', () => {
  const temporal = useOwnTemporal('suite');
  const undisturbed = useBench('test', {}, { prices: PRICES }, temporal);
  const bench = useBench('test', {}, { prices: PRICES }, temporal);

  const tablesOf = async (of: Bench, spec: RunSpec) => {
    const store = await openStore({ uri: of.config.store.uri });
    const reports = await of.reports(spec.name);
    const tables = await readTables(store, reports[0]!.dataset, spec, reports);
    store.close();
    return { tables, reports };
  };
  const untilFound = async (query: string, name: string): Promise<void> => {
    const isFound = async () => {
      for await (const { workflowId } of temporal.client.workflow.list({ query }))
        if (workflowId === name) return true;
      return false;
    };
    await lookUntil(isFound, Boolean);
  };
  const task = (of: Bench, name: string, budget?: Budget) =>
    writeTask(of.folder, name, SIZES, {
      batch: { size: 5, window: 3 },
      ...(budget && { budget }),
    });

  it('pauses at the limit, goes on when it is raised, and comes to the same, paid to the token', async () => {
    await setUpSearchAttributes(temporal.client);
    await undisturbed.run(await task(undisturbed, 'twice'));
    const expected = await tablesOf(undisturbed, await task(undisturbed, 'twice'));
    const whole = expected.reports[0]!.bill.cost!;

    const spec = await task(bench, 'twice', { usd: 0.5 * whole });
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      const client = bench.client.get('twice');
      let limit = 0.5 * whole;
      for (const more of [0.8 * whole, 3 * whole]) {
        const { hold, budget, paused } = await untilHeld(bench, 'twice');
        assert.ok(paused);
        assert.match(
          hold.why,
          /^the budget of the run is reached: \S+ of \S+ spent.*"semievol budget twice --usd N" raises it/,
        );
        const [use] = budget!;
        assert.ok(use!.spent <= limit && use!.spent > 0, JSON.stringify([use, limit, hold.why]));
        await untilFound('SemiEvolState = "paused" AND SemiEvolWarning = "BudgetReached"', 'twice');
        const asked = bench.provider.requests({ kind: 'chat' }).length;
        await run.signal('resume');
        assert.ok((await untilHeld(bench, 'twice')).paused, 'to resume is not to raise');
        assert.equal(bench.provider.requests({ kind: 'chat' }).length, asked);
        await assert.rejects(client.setBudget({ usd: use!.spent / 2 }), /are spent already/);
        await client.setBudget({ usd: more });
        limit = more;
      }
      await run.result();
    });

    const { tables, reports } = await tablesOf(bench, spec);
    assert.deepEqual(compare(expected.tables, tables).differences, []);
    const { requests, promptTokens, cachedTokens, completionTokens, trainedTokens } = usageOf(
      reports[0]!.usage,
    );
    assert.deepEqual(
      { ...NO_USAGE, requests, promptTokens, cachedTokens, completionTokens, trainedTokens },
      charged(bench.provider),
    );
    assert.ok(Math.abs(reports[0]!.bill.cost! - whole) < 1e-9);
    assert.deepEqual(reports[0]!.bill.unpriced, []);
  });

  it('counts jobs from before they are made, and makes no more than there is money for', async () => {
    const spec = await task(bench, 'jobs', { perRound: { tokens: 500 } });
    bench.provider.jobs.hold();
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      const { hold, budget } = await untilHeld(bench, 'jobs');
      assert.match(
        hold.why,
        /^the budget of a round is reached: .*--per-round --tokens N" raises it/,
      );
      assert.equal(budget![0]!.scope, 'round');
      assert.equal(
        bench.provider.requests({ kind: 'job' }).length,
        0,
        'the first is thought to be dearer',
      );
      await bench.client.get('jobs').setBudget({ tokens: 9_000 }, 'round');
      await bench.provider.untilRequest({ kind: 'job' });
      await lookUntil(
        () => run.query<RunStatus>('status'),
        ({ budget }) => budget![0]!.reserved > 500,
      );
      await bench.client.get('jobs').setBudget({ tokens: 1_000_000 }, 'round');
      bench.provider.jobs.release();
      await run.result();
    });
    const made = bench.provider.requests({ kind: 'job' }).length;
    assert.equal(bench.provider.jobs.all().length, made);
  });

  it('cancels jobs under way where its spec wants that, and begins them again when it is raised', async () => {
    const spec = await task(bench, 'cancelled', { tokens: 1_000_000, jobs: 'cancel' });
    const { provider } = bench;
    provider.jobs.hold();
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      const client = bench.client.get('cancelled');
      await provider.untilRequest({ kind: 'job' });
      const { budget } = await lookUntil(
        () => run.query<RunStatus>('status'),
        ({ budget }) => budget![0]!.reserved > 0,
      );
      await client.setBudget({ tokens: budget![0]!.spent + 1 });
      await provider.until(() => provider.jobs.all().some(({ status }) => status === 'cancelled'));
      const { hold, paused } = await untilHeld(bench, 'cancelled');
      assert.ok(paused);
      assert.match(hold.why, /^the budget of the run is reached: .*reserved/);
      provider.jobs.release();
      await client.setBudget({ tokens: 1_000_000 });
      await run.result();
    });
    const jobs = provider.jobs.all().toReversed();
    const [first, second] = jobs;
    assert.deepEqual(
      jobs.map(({ status }) => status),
      ['cancelled', ...jobs.slice(1).map(() => 'succeeded')],
    );
    assert.equal(second!.metadata!.semievol_key, first!.metadata!.semievol_key);
    const [report] = await bench.reports('cancelled');
    const trained = jobs.reduce((sum, job) => sum + (job.trained_tokens ?? 0), 0);
    assert.equal(usageOf(report!.usage).trainedTokens, trained);
  });

  it('is refused before anything is spent where money is to be bounded that has no price', async () => {
    const spec = await task(bench, 'unpriced', { perPhase: { propagate: { usd: 1 } } });
    bench.config.endpoints.local!.prices = { [MODEL]: { input: 1, output: 1 } };
    await assert.rejects(bench.run(spec), (error) => {
      assert.ok(failedFor('NoPrice')(error));
      return true;
    });
    assert.equal(bench.provider.requests().length, 0);
  });
});
