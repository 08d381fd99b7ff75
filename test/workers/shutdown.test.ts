import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { after, afterEach, before, describe, it } from 'mocha';
import { startProvider } from '../../testing/provider.ts';
import { Bench, startTemporal, writeTask } from '../support/stack.ts';
import { WorkerProcess } from '../support/workerProcess.ts';

describe('a worker told to stop', function () {
  this.timeout(60_000);
  let temporal: TestWorkflowEnvironment;
  let bench: Bench;
  const workers: WorkerProcess[] = [];

  before(async () => {
    temporal = await startTemporal();
    const provider = await startProvider({ latencyMs: 40 });
    bench = await Bench.open(temporal, provider, { maxInFlight: 4 });
  });
  after(async () => {
    await bench?.close();
    await temporal?.teardown();
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.kill();
  });

  const startWorker = async () => {
    const config = {
      ...bench.config,
      worker: { ...bench.config.worker, shutdownGraceSeconds: 20 },
    };
    const worker = await WorkerProcess.start({ ...bench, config, address: temporal.address });
    workers.push(worker);
    return worker;
  };

  it('finishes what it has asked and hands on the rest: nothing is asked twice', async () => {
    const { requests, untilRequest, repeats } = bench.provider;
    const spec = await writeTask(bench.folder, 'stopped', {
      labelled: 10,
      unlabelled: 60,
      test: 10,
    });
    const first = await startWorker();
    const run = await bench.start(spec);
    await untilRequest({ kind: 'chat', status: 200 }, 60);
    assert.equal(await first.stop(), 0);
    const asked = requests({ kind: 'chat' }).length;
    assert.equal(
      requests({ kind: 'chat', status: 200 }).length,
      asked,
      'no request was broken off',
    );
    assert.ok(asked < 4 * 60, 'there was something left to hand on');

    await startWorker();
    const { totals } = await run.result();
    assert.equal(totals.finished, 1);
    assert.equal(repeats('chat'), 0);
  });
});
