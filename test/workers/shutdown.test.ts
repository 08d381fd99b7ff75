import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';

describe('a worker told to stop', () => {
  const bench = useBench('suite', { latencyMs: 40 }, { maxInFlight: 4 });

  const startWorker = async () => {
    const { config } = bench;
    const worker = { ...config.worker, shutdownGraceSeconds: 20 };
    return bench.startProcess({ config: { ...config, worker } });
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
