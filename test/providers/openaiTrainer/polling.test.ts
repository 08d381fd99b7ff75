import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { failure, MODEL } from '../support.ts';
import { CHAT, useTrainerBench } from './support.ts';

describe('the trainer over the wire of OpenAI polls', () => {
  const bench = useTrainerBench();

  async function started() {
    const asked = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(asked);
    return { id, look: () => bench.trainer.poll(id, asked) };
  }

  const states = {
    validating_files: 'pending',
    queued: 'pending',
    pausing: 'pending',
    paused: 'pending',
    'a-status-of-next-year': 'pending',
    running: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    cancelled: 'cancelled',
  };
  for (const [status, state] of Object.entries(states))
    it(`a job that is ${status}`, async () => {
      const { id, look } = await started();
      bench.jobs.finish(id, status);
      const job = await look();
      assert.deepEqual([job.id, job.state, job.detail], [id, state, status]);
      assert.equal(job.message, status === 'failed' ? 'The job failed.' : undefined);
      const { model = '', trainedTokens = 0 } = job.result ?? {};
      assert.equal(model.startsWith('ft:'), status === 'succeeded');
      assert.equal(trainedTokens > 0, status === 'succeeded');
      const progress = status === 'running' ? [10, 10, 'loss 0.182'] : Array(3).fill(undefined);
      assert.deepEqual([job.step, job.totalSteps, job.note], progress);
    });

  it('a running job that gives no events', async () => {
    const { id, look } = await started();
    bench.jobs.finish(id, 'running');
    bench.provider.setFaults(({ path }) =>
      path.endsWith('/events') ? { status: 404 } : undefined,
    );
    assert.equal((await look()).state, 'running');
  });

  it('a job that succeeded without a model', async () => {
    const { id, look } = await started();
    bench.jobs.finish(id, { status: 'succeeded', fine_tuned_model: null });
    const job = await look();
    assert.deepEqual([job.state, job.result], ['succeeded', undefined]);
  });

  it('a job whose model answers late, until it does', async () => {
    const { id, look } = await started();
    bench.jobs.finish(id, 'succeeded');
    const message = `The model ${bench.jobs.get(id).fine_tuned_model} does not exist.`;
    for (const body of [undefined, { error: { message } }]) {
      bench.provider.setFaults(({ path, model }) =>
        path === CHAT && model !== MODEL ? { status: 404, body } : undefined,
      );
      const { state, detail } = await look();
      assert.deepEqual(
        [state, detail],
        ['pending', 'succeeded, but its model does not answer yet'],
      );
    }
    bench.provider.setFaults(undefined);
    assert.equal((await look()).state, 'succeeded');
  });

  it('a job whose model does not say whether it answers, no longer than anybody waits', async () => {
    const asked = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(asked);
    bench.jobs.finish(id, 'succeeded');
    bench.provider.setFaults(({ path }) => (path === CHAT ? 'hang' : undefined));
    const leaving = new AbortController();
    const looking = bench.trainer.poll(id, asked, leaving.signal);
    await bench.provider.untilRequest({ kind: 'probe' });
    leaving.abort(new Error('left'));
    await assert.rejects(looking, /left/);
  });

  for (const status of [400, 401, 404, 500])
    it(`a job of a server that serves no models: ${status}`, async () => {
      const { id, look } = await started();
      bench.jobs.finish(id, 'succeeded');
      bench.provider.setFaults(({ path }) => (path === CHAT ? { status } : undefined));
      assert.equal((await look()).state, 'succeeded');
    });

  it('a job that was deleted under our feet', async () => {
    const { id, look } = await started();
    bench.jobs.remove(id);
    assert.equal((await look()).state, 'vanished');
  });

  it('again after what is no job', async () => {
    const { look } = await started();
    bench.provider.setFaults(() => 'wrong-type');
    await assert.rejects(look(), failure('UnreadableAnswer', { retried: true }));
  });

  it('again after an error of the server', async () => {
    const { look } = await started();
    bench.provider.setFaults(({ attempt }) =>
      attempt === 1 ? { status: 503, headers: { 'retry-after-ms': '1' } } : undefined,
    );
    assert.equal((await look()).state, 'pending');
  });
});
