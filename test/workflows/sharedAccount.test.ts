import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { fineTune } from '../../workflows/fineTune.ts';
import { Bench } from '../support/stack.ts';
import { useProvider, useTemporal } from '../support/suite.ts';
import { type FineTuneHandle, fineTuneInput, writeTrainingFile } from './support.ts';

describe('two runs of one name, over two stores and one account', () => {
  const temporal = useTemporal();
  const provider = useProvider('test', { holdJobs: true });
  let benches: Bench[];

  beforeEach(async () => {
    benches = [await Bench.open(temporal, provider), await Bench.open(temporal, provider)];
    for (const bench of benches) await bench.startWorker();
  });
  afterEach(() => Promise.all(benches.map((bench) => bench.close())));

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
