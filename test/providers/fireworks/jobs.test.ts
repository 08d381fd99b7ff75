import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { idFor } from '../../../providers/trainers/fireworks/wire.ts';
import { BASE } from '../../support/fireworks/server.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { row } from '../../support/training.ts';
import { failure } from '../support.ts';
import { useFireworks } from './support.ts';

const JOBS = '/v1/accounts/stand-in/supervisedFineTuningJobs';

describe('the trainer for Fireworks', () => {
  const bench = useFireworks();
  const asked = () => bench.server.requests({ method: 'POST', path: JOBS });

  it('makes a dataset of a content once, and waits until it has been checked', async () => {
    const first = await bench.order();
    assert.equal((await bench.order({ round: 2 })).fileId, first.fileId);
    const [dataset] = bench.server.datasets.all();
    assert.deepEqual([dataset!.id, dataset!.status], [first.fileId, 'READY']);
    assert.equal(String(dataset!.content), row('plant'));
    assert.equal(bench.server.datasets.all().length, 1);
  });

  for (const [what, path] of [
    ['making it', /datasets$/],
    ['asking where to send it', /:getUploadEndpoint$/],
    ['sending it', /^\/storage/],
    ['having it checked', /:validateUpload$/],
  ] as const)
    it(`goes on with a dataset that broke off while ${what}`, async () => {
      bench.server.setFaults((seen) =>
        seen.method !== 'GET' && path.test(seen.path) ? 'cut-after' : undefined,
      );
      await assert.rejects(bench.order(), failure('Unreachable', { retried: true }));
      bench.server.setFaults();
      await bench.order();
      assert.deepEqual(
        bench.server.datasets.all().map(({ status }) => status),
        ['READY'],
      );
    });

  it('says what is wrong with a file', async () => {
    await assert.rejects(bench.order({ content: '{"rows": []}\n' }), (error: Error) => {
      assert.match(error.message, /cannot use the training file: line 1: "messages" is missing/);
      return failure('BadRequest', { retried: false })(error);
    });
  });

  it('asks for a job with all that was asked', async () => {
    const training = { epochs: 3, batchSize: 8, learningRateMultiplier: 0.5 };
    const order = await bench.order({ training });
    await bench.trainer.adoptOrCreate(order);
    assert.deepEqual(asked()[0]!.body, {
      displayName: order.name,
      dataset: `accounts/stand-in/datasets/${order.fileId}`,
      baseModel: BASE,
      ...{ epochs: 3, learningRate: 5e-5, batchSizeSamples: 8, evalAutoCarveout: false },
    });
  });

  it('starts warm from a model that it made', async () => {
    const model = await bench.trained();
    await bench.trainer.adoptOrCreate(await bench.order({ model, round: 2 }));
    const [job] = bench.server.jobs.all();
    assert.deepEqual([job!.warmStartFrom, job!.baseModel], [model, undefined]);
  });

  it('gives jobs ids that Fireworks takes, one for each attempt', async () => {
    const order = await bench.order({ suffix: '2. Round_A' });
    const ids: string[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const { id } = await bench.trainer.adoptOrCreate(order);
      bench.server.jobs.finish(id, 'FAILED');
      ids.push(id);
    }
    const [first] = ids;
    assert.match(first!, /^s2-round-a-[0-9a-f]{12}$/);
    assert.deepEqual(ids, [first, `${first}-2`, `${first}-3`]);
  });

  it('finds the job that a lost answer was about', async () => {
    const order = await bench.order();
    bench.server.setFaults(({ method, path }) =>
      method === 'POST' && path === JOBS ? 'cut-after' : undefined,
    );
    const lost = failure('Unreachable', { retried: true });
    await assert.rejects(bench.trainer.adoptOrCreate(order), lost);
    bench.server.setFaults();
    const { id } = await bench.trainer.adoptOrCreate(order);
    assert.deepEqual(
      bench.server.jobs.all().map((job) => job.id),
      [id],
    );
    assert.equal(asked().length, 1);
  });

  it('takes up a job that a list does not have yet', async () => {
    const order = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(order);
    const body = { supervisedFineTuningJobs: [], nextPageToken: '' };
    bench.server.setFaults(({ method, path }) =>
      method === 'GET' && path === JOBS ? { status: 200, body } : undefined,
    );
    assert.equal((await bench.another().adoptOrCreate(order)).id, id);
    assert.equal(bench.server.jobs.all().length, 1);
  });

  it('finds its jobs among pages of others', async () => {
    for (const round of [1, 2, 3, 4, 5])
      await bench.trainer.adoptOrCreate(await bench.order({ round }));
    const order = await bench.order({ round: 1 });
    assert.equal(await bench.trainer.cancel(order), 1);
    assert.equal(await bench.trainer.cancel(order), 0);
  });

  it('tells how far a job has come', async () => {
    const order = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(order);
    const seen = [];
    for (let look = 0; look < 4; look++) seen.push(await bench.trainer.poll(id, order));
    const { state, step, totalSteps, note, mark } = seen.at(-1)!;
    assert.deepEqual([state, step, totalSteps, note], ['running', 80, 100, '80 %, epoch 0']);
    assert.notEqual(mark, seen.at(-2)!.mark);
  });

  it('counts the tokens of the dataset for each epoch, where a job counts none', async () => {
    const order = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(order);
    bench.server.jobs.finish(id, 'EARLY_STOPPED');
    const { state, result } = await bench.trainer.poll(id, order);
    assert.equal(state, 'succeeded');
    assert.deepEqual(result, { model: `accounts/stand-in/models/${id}`, trainedTokens: 12 });
  });

  it('waits for an account that is suspended, and says why a job of it is paused', async () => {
    const order = await bench.order();
    bench.server.suspendState = 'MONTHLY_SPEND_LIMIT_EXCEEDED';
    const poor = failure('OutOfMoney', { retried: true });
    await assert.rejects(bench.trainer.adoptOrCreate(order), poor);
    assert.deepEqual(asked(), []);
    bench.server.suspendState = 'UNSUSPENDED';
    const { id } = await bench.trainer.adoptOrCreate(order);
    bench.server.jobs.finish(id, 'PAUSED');
    const { state, note } = await bench.trainer.poll(id, order);
    assert.deepEqual([state, note], ['pending', 'JOB_STATE_PAUSED: the account is suspended']);
  });

  it('takes any name for an id, and no two for one', () => {
    const hash = fc.string({
      unit: fc.constantFrom(...'0123456789abcdef'),
      minLength: 12,
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.string({ maxLength: 27 }), hash, hash, (label, a, b) => {
        const [one, other] = [idFor(`${label}-${a}`), idFor(`${label}-${b}`)];
        assert.match(one, /^[a-z][a-z0-9-]{0,62}$/);
        assert.equal(one === other, a === b);
        assert.equal(idFor(one), one);
      }),
    );
  });

  it('says before a run that an account, or an address, is not right', async () => {
    assert.equal(await bench.trainer.preflight(), undefined);
    const elsewhere = bench.another({ account: 'somebody' });
    assert.match((await elsewhere.preflight())!, /does not reach account "somebody"/);
    const lost = bench.another({}, { baseURL: `${bench.server.address}/v1` });
    assert.match((await lost.preflight())!, /is to be https:\/\/api\.fireworks\.ai\/inference\/v1/);
  });

  it('gives the adapter of a model out, and nothing that is merged', async () => {
    const name = await bench.trained();
    const model = { name, base: BASE, jobId: 'any' };
    const { path } = await temporaryFolder();
    const weights = await bench.trainer.weights!({ model, form: 'adapter' }, path);
    const files = ['adapter_config.json', 'adapter_model.safetensors'];
    assert.deepEqual(weights, { files, library: 'peft' });
    for (const file of files)
      assert.deepEqual(
        await readFile(join(path, file)),
        Buffer.from([0xff, 0xfe, ...Buffer.from(file)]),
      );
    const merged = await bench.trainer.weights!({ model, form: 'merged' }, path);
    assert.deepEqual(merged, { lacking: `Fireworks keeps ${name} in the other form` });
    const none = { ...model, name: name.replace(/[^/]*$/, 'none') };
    const lacking = await bench.trainer.weights!({ model: none, form: 'adapter' }, path);
    assert.deepEqual(lacking, { lacking: `Fireworks has no ${none.name}` });
    await rm(path, { recursive: true });
  });
});
