import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { after, before, describe, it } from 'mocha';
import { startProvider } from '../../testing/provider.ts';
import { Bench, startTemporal, writeTask } from '../support/stack.ts';
import { WorkerProcess } from '../support/workerProcess.ts';

describe('two workers', function () {
  this.timeout(90_000);
  let temporal: TestWorkflowEnvironment;
  let bench: Bench;
  const workers: WorkerProcess[] = [];

  before(async () => {
    temporal = await startTemporal();
    bench = await Bench.open(temporal, await startProvider({ latencyMs: 20 }));
  });
  after(async () => {
    for (const worker of workers) await worker.kill();
    await bench?.close();
    await temporal?.teardown();
  });

  it('share the batches of one run', async () => {
    const sizes = { labelled: 10, unlabelled: 160, test: 10 };
    const spec = await writeTask(bench.folder, 'shared', sizes, { batch: { size: 5, window: 8 } });
    for (let started = 0; started < 2; started++)
      workers.push(await WorkerProcess.start({ ...bench, address: temporal.address }));
    await (await bench.start(spec)).result();
    const propagate = temporal.client.workflow.getHandle('shared/round-1/propagate');
    const { events } = await propagate.fetchHistory();
    const by = Map.groupBy(
      events!.flatMap(({ activityTaskStartedEventAttributes: started }) => started ?? []),
      ({ identity }) => identity,
    );
    const counts = [...by.values()].map(({ length }) => length);
    assert.equal(counts.length, 2);
    assert.ok(Math.min(...counts) > 0.2 * Math.max(...counts), `batches by worker: ${counts}`);
  });
});
