import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { TrainingOrder } from '../../../providers/trainer.ts';
import { failure } from '../support.ts';
import { JOBS, useTrainerBench } from './support.ts';

describe('jobs at a provider that keeps no metadata', () => {
  const bench = useTrainerBench();
  let asked: TrainingOrder;

  beforeEach(async () => {
    bench.provider.setQuirks(['job-no-metadata']);
    asked = await bench.order({ training: { epochs: 2, batchSize: 8 } });
  });

  const jobs = () => bench.jobs.all();
  const lose = async (order: TrainingOrder) => {
    bench.provider.setFaults(({ method, path }) =>
      method === 'POST' && path === JOBS ? 'cut-after' : undefined,
    );
    await assert.rejects(
      bench.trainer.adoptOrCreate(order),
      failure('Unreachable', { retried: true }),
    );
    bench.provider.setFaults(undefined);
    const [job] = jobs();
    assert.deepEqual(job!.metadata, null);
    return job!;
  };

  it('are found again by their file and what is echoed of the rest', async () => {
    const { id } = await lose(asked);
    const job = await bench.trainer.adoptOrCreate(asked);
    assert.deepEqual([job.id, job.isRecognisable], [id, true]);
    assert.equal(bench.created, 1);
    assert.equal(await bench.trainer.isListed(id, asked), true);
    assert.equal(await bench.trainer.cancel(asked), 1);
    assert.equal(jobs()[0]!.status, 'cancelled');
  });

  it('are found again where a list by metadata is empty', async () => {
    const { id } = await lose(asked);
    bench.provider.setQuirks([]);
    assert.equal((await bench.trainer.adoptOrCreate(asked)).id, id);
  });

  it('are found again where a list by metadata is refused', async () => {
    const { id } = await lose(asked);
    const listed = new Set<string>();
    bench.provider.setFaults(({ method, path, digest }) => {
      if (method !== 'GET' || path !== JOBS) return undefined;
      listed.add(digest);
      return listed.size === 1 ? { status: 422 } : undefined;
    });
    assert.equal((await bench.trainer.adoptOrCreate(asked)).id, id);
  });

  it('are never those of other work', async () => {
    const first = await lose(asked);
    const sameFile = { training: asked.request.training, fileId: asked.fileId };
    const others = [
      { fileId: await bench.trainer.upload(await bench.trainingFile(), 'b.jsonl') },
      { model: 'all-minilm-l6-v2' },
      { training: { epochs: 3, batchSize: 8 } },
      { training: { epochs: 2, batchSize: 4 } },
      { seed: 8 },
    ];
    for (const other of others) {
      const { id } = await bench.trainer.adoptOrCreate(
        await bench.order({ ...sameFile, ...other }),
      );
      assert.notEqual(id, first.id);
    }
    assert.ok(jobs().every(({ status }) => status !== 'cancelled'));
    await bench.trainer.cancel(await bench.order({ ...sameFile, seed: 9 }));
    assert.ok(jobs().every(({ status }) => status !== 'cancelled'));
  });

  it('are told apart by their suffix where that is echoed', async () => {
    const job = await lose(asked);
    Object.assign(job, {
      user_provided_suffix: asked.name.toUpperCase().replaceAll('-', '_'),
      seed: 0,
    });
    assert.equal((await bench.trainer.adoptOrCreate(asked)).id, job.id);
    const other = await bench.order({ fileId: asked.fileId, round: 2 });
    assert.equal(await bench.trainer.isListed(job.id, other), false);
  });

  it('say so where nothing tells whose they are; one that is known is cancelled all the same', async () => {
    const { id } = await bench.trainer.adoptOrCreate(asked);
    Object.assign(jobs()[0]!, { training_file: undefined });
    assert.equal((await bench.trainer.poll(id, asked)).isRecognisable, false);
    assert.equal(await bench.trainer.cancel(asked), 0);
    assert.equal(await bench.trainer.cancel(asked, id), 1);
    assert.equal(jobs()[0]!.status, 'cancelled');
  });

  for (const status of [400, 422])
    it(`are made without where it is refused with ${status}`, async () => {
      bench.provider.setFaults(({ method, path, metadata }) =>
        method === 'POST' && path === JOBS && metadata ? { status } : undefined,
      );
      const { id, isRecognisable } = await bench.trainer.adoptOrCreate(asked);
      assert.deepEqual([jobs()[0]!.id, jobs()[0]!.metadata, isRecognisable], [id, null, true]);
      assert.equal((await bench.trainer.adoptOrCreate(asked)).id, id);
      assert.equal(jobs().length, 1);
    });
});
