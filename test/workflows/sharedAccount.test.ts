import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { type Provider, startProvider } from '../../testing/provider.ts';
import type { fineTune } from '../../workflows/fineTune.ts';
import { Bench, startTemporal } from '../support/stack.ts';
import { type FineTuneHandle, fineTuneInput, runWorker, writeTrainingFile } from './support.ts';

describe('two runs of one name, over two stores and one account', function () {
  this.timeout(60_000);
  let temporal: TestWorkflowEnvironment;
  let provider: Provider;
  let benches: Bench[];
  let stopping: (() => Promise<void>)[];

  before(async () => {
    temporal = await startTemporal();
  });
  after(() => temporal?.teardown());
  beforeEach(async () => {
    provider = await startProvider({ holdJobs: true });
    benches = [await Bench.open(temporal, provider), await Bench.open(temporal, provider)];
    stopping = [];
    for (const [index, bench] of benches.entries()) {
      bench.config.temporal.taskQueue = `account-${index}`;
      stopping.push(runWorker(await bench.worker()));
    }
  });
  afterEach(async () => {
    for (const stop of stopping) await stop();
    for (const bench of benches) await bench.close();
  });

  /** The same training under the same name, from each of the stores. */
  const startBoth = () =>
    Promise.all(
      benches.map(async (bench, index): Promise<FineTuneHandle> => {
        const path = await writeTrainingFile(bench, 'same');
        return temporal.client.workflow.start<typeof fineTune>('fineTune', {
          workflowId: `same-${provider.baseURL}-${index}`,
          taskQueue: bench.config.temporal.taskQueue,
          args: [fineTuneInput('same', path)],
        });
      }),
    );

  for (const [what, quirks] of [
    ['keeps metadata', []],
    ['keeps none', ['job-no-metadata']],
  ] as const)
    it(`have a job each, and cancel only their own, where the provider ${what}`, async () => {
      provider.setQuirks([...quirks]);
      const [first, second] = await startBoth();
      await provider.until(() => provider.jobs.all().length === 2);
      await first!.cancel();
      await assert.rejects(first!.result());
      const statuses = () => provider.jobs.all().map(({ status }) => status);
      assert.equal(statuses().filter((status) => status === 'cancelled').length, 1);
      provider.jobs.release();
      const { jobId } = await second!.result();
      assert.equal(provider.jobs.get(jobId).status, 'succeeded');
      assert.deepEqual(statuses().sort(), ['cancelled', 'succeeded']);
    });
});
