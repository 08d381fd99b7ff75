import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { temporaryFolder } from '../../support/folder.ts';
import { BASE } from '../../support/together/server.ts';
import { row } from '../../support/training.ts';
import { failure } from '../support.ts';
import { useTogether } from './support.ts';

const JOBS = '/v1/fine-tunes';

describe('the trainer for Together', () => {
  const bench = useTogether();
  const created = () => bench.server.requests({ method: 'POST', path: JOBS }).length;

  it('uploads a content once, and waits until it has been checked', async () => {
    const first = await bench.order();
    const again = await bench.order({ round: 2 });
    assert.equal(again.fileId, first.fileId);
    const [file] = bench.server.files.all();
    assert.equal(file!.status, 'COMPLETED');
    assert.equal(String(file!.content), row('plant'));
    assert.equal(bench.server.files.all().length, 1);
  });

  for (const path of ['/v1/files', '/storage/file-0', '/v1/files/file-0/preprocess'])
    it(`uploads again what was cut off at ${path}`, async () => {
      bench.server.setFaults((seen) =>
        seen.path === path && seen.method !== 'GET' ? 'cut-after' : undefined,
      );
      await assert.rejects(bench.order(), failure('Unreachable', { retried: true }));
      bench.server.setFaults();
      const { fileId } = await bench.order();
      assert.equal(String(bench.server.files.get(fileId).content), row('plant'));
      assert.ok(bench.server.files.all().filter(({ content }) => content).length === 1);
    });

  it('says what is wrong with a file, without what it quotes', async () => {
    await assert.rejects(bench.order({ content: '{"rows": []}\n' }), (error: Error) => {
      assert.match(error.message, /cannot use the training file: Line 1 has no "messages"/);
      return failure('BadRequest', { retried: false })(error);
    });
  });

  it('asks for a job with all that was asked', async () => {
    const asked = await bench.order();
    await bench.trainer.adoptOrCreate(asked);
    const [asking] = bench.server.requests({ method: 'POST', path: JOBS });
    assert.deepEqual(asking!.body, {
      model: BASE,
      training_file: asked.fileId,
      n_epochs: 2,
      batch_size: 'max',
      learning_rate: 1e-5,
      training_method: { method: 'sft', train_on_inputs: false },
      suffix: asked.name,
      random_seed: 7,
    });
  });

  it('goes on with a model of a job of its own, by its adapter', async () => {
    const model = await bench.trained();
    await bench.trainer.adoptOrCreate(await bench.order({ model, round: 2 }));
    const [job] = bench.server.jobs.all();
    assert.deepEqual([job!.from_checkpoint, job!.model], [model, BASE]);
  });

  for (const status of ['pending', 'queued', 'running', 'compressing', 'uploading', 'completed'])
    it(`takes up a job of the key that is ${status}`, async () => {
      const asked = await bench.order();
      const { id } = await bench.trainer.adoptOrCreate(asked);
      bench.server.jobs.finish(id, status);
      assert.equal((await bench.another().adoptOrCreate(asked)).id, id);
      assert.equal(created(), 1);
    });

  for (const status of ['cancel_requested', 'cancelled', 'error', 'user_error'])
    it(`makes a new one where the only one is ${status}`, async () => {
      const asked = await bench.order();
      const { id } = await bench.trainer.adoptOrCreate(asked);
      bench.server.jobs.finish(id, status);
      assert.notEqual((await bench.trainer.adoptOrCreate(asked)).id, id);
    });

  it('finds the job that a lost answer was about', async () => {
    const asked = await bench.order();
    bench.server.setFaults(({ method, path }) =>
      method === 'POST' && path === JOBS ? 'cut-after' : undefined,
    );
    const lost = failure('Unreachable', { retried: true });
    await assert.rejects(bench.trainer.adoptOrCreate(asked), lost);
    bench.server.setFaults();
    const { id } = await bench.trainer.adoptOrCreate(asked);
    assert.deepEqual(
      bench.server.jobs.all().map((job) => job.id),
      [id],
    );
    assert.equal(created(), 1);
  });

  it('keeps the oldest of two, and cancels the other', async () => {
    const { fileId: training_file, name: suffix, ...rest } = await bench.order();
    const asked = { ...rest, name: suffix, fileId: training_file };
    const [oldest, newest] = [60, 0].map((age) => {
      const job = bench.server.create({ model: BASE, training_file, suffix });
      job.created_at = new Date(Date.now() - 1000 * age).toISOString();
      return job;
    });
    const other = bench.server.create({ model: BASE, training_file, suffix: 'another' });
    assert.equal((await bench.trainer.adoptOrCreate(asked)).id, oldest!.id);
    assert.equal(newest!.status, 'cancel_requested');
    assert.equal(other.status, 'pending');
  });

  for (const [status, state] of [
    ['pending', 'pending'],
    ['queued', 'pending'],
    ['running', 'running'],
    ['compressing', 'running'],
    ['uploading', 'running'],
    ['cancel_requested', 'cancelling'],
    ['cancelled', 'cancelled'],
    ['error', 'failed'],
    ['user_error', 'failed'],
    ['on_a_break', 'pending'],
  ] as const)
    it(`sees how it stands with a job that is ${status}`, async () => {
      const asked = await bench.order();
      const { id } = await bench.trainer.adoptOrCreate(asked);
      bench.server.jobs.finish(id, status);
      const job = await bench.trainer.poll(id, asked);
      assert.deepEqual([job.state, job.detail, job.isRecognisable], [state, status, true]);
      assert.equal(job.message, state === 'failed' ? 'Row 2 has no messages.' : undefined);
      if (status === 'running')
        assert.deepEqual([job.step, job.totalSteps, job.note], [2, 4, 'loss 0.500']);
    });

  it('has a model, and the tokens it was trained on, of one that is completed', async () => {
    const asked = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(asked);
    bench.server.jobs.finish(id, 'completed');
    const { state, result } = await bench.trainer.poll(id, asked);
    assert.equal(state, 'succeeded');
    assert.match(result!.model, new RegExp(`^stand-in/.*:${asked.name}:${id}$`));
    assert.equal(result!.trainedTokens, 12);
  });

  it('says that a job is not known any more, and that a list has it still', async () => {
    const asked = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(asked);
    assert.equal(await bench.trainer.isListed(id, asked), true);
    bench.server.jobs.remove(id);
    assert.equal((await bench.trainer.poll(id, asked)).state, 'vanished');
    assert.equal(await bench.trainer.isListed(id, asked), false);
  });

  it('waits for money before it makes a job that Together would cancel', async () => {
    const asked = await bench.order();
    bench.server.balance = 1;
    const poor = failure('OutOfMoney', { retried: true });
    await assert.rejects(bench.trainer.adoptOrCreate(asked), poor);
    assert.equal(created(), 0);
  });

  it('tells that a job was cancelled over the balance', async () => {
    const asked = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(asked);
    bench.server.balance = 1;
    const seen = [];
    for (let look = 0; look < 4; look++) seen.push(await bench.trainer.poll(id, asked));
    const { state, message } = seen.at(-1)!;
    assert.equal(state, 'cancelled');
    assert.match(message!, /The job exceeds the balance\..*top up/);
  });

  it('makes no job on a base that nothing can host', async () => {
    const asked = await bench.order();
    bench.server.isHosted = false;
    const refused = failure('BadRequest', { retried: false });
    await assert.rejects(bench.trainer.adoptOrCreate(asked), refused);
    assert.equal(created(), 0);
  });

  it('cancels the jobs of the key that go on, once', async () => {
    const asked = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(asked);
    assert.equal(await bench.trainer.cancel(asked), 1);
    assert.equal(await bench.trainer.cancel(asked, id), 0);
    assert.equal((await bench.trainer.poll(id, asked)).state, 'cancelled');
  });

  it('estimates what a job would cost, once the file is checked', async () => {
    const { request, fileId } = await bench.order();
    const estimate = await bench.trainer.estimate!({ ...request, fileId });
    assert.equal(estimate, 0.012);
    bench.server.files.get(fileId).status = 'RUNNING';
    assert.equal(await bench.trainer.estimate!({ ...request, fileId }), undefined);
  });

  it('knows its jobs in whatever spelling Together gives their suffix back', async () => {
    const order = await bench.order();
    const { id } = await bench.trainer.adoptOrCreate(order);
    const job = bench.server.jobs.get(id);
    job.suffix = job.suffix!.toUpperCase().replaceAll('-', '_');
    assert.equal((await bench.another().adoptOrCreate(order)).id, id);
    assert.equal(await bench.trainer.isListed(id, await bench.order({ round: 2 })), false);
  });

  it('is configured by names that Together has', () => {
    assert.throws(() => bench.another({ config: 'cr_1' }), /give projects\/…\/configs\/…/);
    assert.throws(() => bench.another({ endpoint: 'My Models' }), /give small letters/);
    assert.throws(() => bench.another({ project: '' }));
  });

  it('says before a run that a project, or a key, is not right', async () => {
    assert.equal(await bench.trainer.preflight(), undefined);
    const elsewhere = bench.another({ project: 'proj_2' });
    assert.match((await elsewhere.preflight())!, /does not reach project "proj_2"/);
    const lost = bench.another({}, { baseURL: `${bench.server.address}/v2` });
    assert.match((await lost.preflight())!, /no fine-tuning of Together/);
  });

  it('gives the weights of a model out, as an archive', async () => {
    const name = await bench.trained();
    const [job] = bench.server.jobs.all();
    const model = { name, base: BASE, jobId: job!.id };
    const { path } = await temporaryFolder();
    for (const form of ['adapter', 'merged'] as const) {
      const weights = await bench.trainer.weights!({ model, form }, path);
      assert.deepEqual('files' in weights && weights.files, [`${form}.tar.zst`]);
      const content = await readFile(join(path, `${form}.tar.zst`));
      assert.deepEqual(content, Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...Buffer.from(form)]));
    }
    const other = {
      ...model,
      jobId: (await bench.trainer.adoptOrCreate(await bench.order({ round: 2 }))).id,
    };
    const lacking = await bench.trainer.weights!({ model: other, form: 'adapter' }, path);
    assert.deepEqual(lacking, { lacking: `Together has no adapter weights of job ${other.jobId}` });
    await rm(path, { recursive: true });
  });
});
