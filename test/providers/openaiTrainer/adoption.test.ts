import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { failure } from '../support.ts';
import { JOBS, useTrainerBench } from './support.ts';

describe('the trainer over the wire of OpenAI adopts or creates', () => {
  const bench = useTrainerBench();

  it('a job that carries what was asked', async () => {
    const asked = await bench.order({
      training: { epochs: 2, batchSize: 8, learningRateMultiplier: 0.5 },
    });
    const { id, state } = await bench.trainer.adoptOrCreate(asked);
    assert.equal(state, 'pending');
    const [job] = bench.jobs.all();
    assert.equal(job!.id, id);
    assert.deepEqual(job!.metadata, { semievol_key: asked.key });
    assert.equal(job!.seed, 7);
    assert.deepEqual(job!.method?.supervised?.hyperparameters, {
      n_epochs: 2,
      batch_size: 8,
      learning_rate_multiplier: 0.5,
    });
  });

  for (const status of ['queued', 'paused', 'running', 'succeeded'])
    it(`takes up a job of the key that is ${status}`, async () => {
      const asked = await bench.order();
      const { id } = await bench.trainer.adoptOrCreate(asked);
      bench.jobs.finish(id, status);
      assert.equal((await bench.another().adoptOrCreate(asked)).id, id);
      assert.equal(bench.created, 1);
    });

  for (const status of ['failed', 'cancelled'])
    it(`makes a new one where the only one has ${status}`, async () => {
      const asked = await bench.order();
      const { id } = await bench.trainer.adoptOrCreate(asked);
      bench.jobs.finish(id, status);
      assert.notEqual((await bench.trainer.adoptOrCreate(asked)).id, id);
      assert.equal(bench.created, 2);
    });

  it('takes up a job whose model has no name yet, for a while', async () => {
    const asked = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(asked);
    bench.jobs.finish(id, { status: 'succeeded', fine_tuned_model: null });
    const patient = bench.another({ finalAfterSeconds: 120 });
    assert.equal((await patient.adoptOrCreate(asked)).id, id);
    bench.jobs.get(id).finished_at! -= 121;
    assert.notEqual((await patient.adoptOrCreate(asked)).id, id);
  });

  it('takes up no job that is being cancelled', async () => {
    const asked = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(asked);
    bench.jobs.finish(id, 'cancel_requested');
    assert.notEqual((await bench.trainer.adoptOrCreate(asked)).id, id);
  });

  it('none for as long as the list of jobs cannot be read', async () => {
    const wanted = await bench.order();
    const excuse = { status: 200, body: { error: { message: 'Please wait.' } } };
    for (const [fault, type] of [
      ['wrong-type', 'UnreadableAnswer'],
      [excuse, 'EndpointError'],
    ] as const) {
      bench.provider.setFaults(({ method }) => (method === 'GET' ? fault : undefined));
      const unread = failure(type, { retried: true });
      await assert.rejects(bench.trainer.adoptOrCreate(wanted), unread);
      await assert.rejects(bench.trainer.cancel(wanted), unread);
    }
    assert.equal(bench.created, 0);
  });

  it('one, though the answer to its creation cannot be read', async () => {
    const wanted = await bench.order();
    bench.provider.setFaults(({ method }) => (method === 'POST' ? 'wrong-type' : undefined));
    const { id } = await bench.trainer.adoptOrCreate(wanted);
    assert.deepEqual(
      bench.jobs.all().map((job) => job.id),
      [id],
    );
  });

  it('never the job of another key', async () => {
    const asked = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(asked);
    assert.notEqual((await bench.trainer.adoptOrCreate(await bench.order({ round: 2 }))).id, id);
    assert.ok(bench.jobs.all().every(({ status }) => status !== 'cancelled'));
  });

  it('the job that a lost answer was about: one job', async () => {
    const asked = await bench.order();
    bench.provider.setFaults(({ method }) => (method === 'POST' ? 'cut-after' : undefined));
    await assert.rejects(
      bench.trainer.adoptOrCreate(asked),
      failure('Unreachable', { retried: true }),
    );
    assert.equal(bench.created, 1, 'the client does not send it again by itself');
    bench.provider.setFaults(undefined);
    const { id } = await bench.trainer.adoptOrCreate(asked);
    assert.deepEqual(
      bench.jobs.all().map((job) => job.id),
      [id],
    );
    assert.equal(bench.created, 1);
  });

  for (const status of [409, 429, 500])
    it(`with one request, also after a ${status}`, async () => {
      const asked = await bench.order();
      bench.provider.setFaults(({ method }) => (method === 'POST' ? { status } : undefined));
      await assert.rejects(
        bench.trainer.adoptOrCreate(asked),
        failure('EndpointError', { retried: true }),
      );
      assert.equal(bench.created, 1);
    });

  it('and of two that came about keeps the oldest', async () => {
    const asked = await bench.order();
    const [newest, oldest, middle] = [0, 20, 10].map((age) => bench.twin(asked, age));
    assert.equal((await bench.trainer.adoptOrCreate(asked)).id, oldest!.id);
    assert.deepEqual(
      [newest, oldest, middle].map((job) => bench.statusOf(job!.id)),
      ['cancelled', 'validating_files', 'cancelled'],
    );
    assert.equal(bench.created, 0);
  });

  it('and gives way to an older one that arrives while it creates', async () => {
    const asked = await bench.order();
    let late: { id: string } | undefined;
    bench.provider.setFaults(({ method, path }) => {
      if (method === 'POST' && path === JOBS) late = bench.twin(asked, 20);
      return undefined;
    });
    const { id } = await bench.trainer.adoptOrCreate(asked);
    assert.equal(id, late!.id);
    assert.deepEqual(
      bench.jobs.all().map((job) => [job.id === id, job.status]),
      [
        [false, 'cancelled'],
        [true, 'validating_files'],
      ],
    );
  });

  it('though a twin ends just before it is cancelled', async () => {
    const asked = await bench.order();
    const oldest = bench.twin(asked, 20);
    const other = bench.twin(asked, 0);
    bench.provider.setFaults(({ path }) => {
      if (path.endsWith('/cancel')) bench.jobs.finish(other.id, 'succeeded');
      return undefined;
    });
    assert.equal((await bench.trainer.adoptOrCreate(asked)).id, oldest.id);
  });

  it('fails for good where the model is unknown', async () => {
    const asked = await bench.order({ model: 'no-such-model' });
    await assert.rejects(
      bench.trainer.adoptOrCreate(asked),
      failure('BadRequest', { retried: false }),
    );
  });
});
