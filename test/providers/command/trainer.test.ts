import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { identityOf } from '../../../providers/trainers/command/identity.ts';
import { use } from '../../support/suite.ts';
import { untilGone } from '../../support/untilGone.ts';
import { failure } from '../support.ts';
import { BASE, Worker, Workshop } from './support.ts';

describe('a trainer by a command', () => {
  const shop = use(
    'test',
    () => Workshop.open(),
    (opened) => opened.close(),
  );
  /** A job whose first command runs. */
  async function running(more: object = {}) {
    const trainer = shop.trainer(more);
    const order = await shop.order();
    const { id, state, detail } = await trainer.adoptOrCreate(order);
    assert.deepEqual([state, detail], ['pending', 'queued']);
    await trainer.poll(id, order);
    return { trainer, order, id, puppet: await shop.puppeteer.puppet(1) };
  }
  const is = (detail: string) => (job: { detail: string }) => job.detail === detail;

  it('trains, and has the adapter under the name of the model', async () => {
    const { trainer, order, id, puppet } = await running();
    assert.deepEqual(
      [puppet.config.iters, puppet.config.seed, puppet.config.learning_rate],
      [4, 1, 1e-4],
    );
    const starting = await shop.until(trainer, id, order, is('starting'));
    assert.equal(starting.state, 'running');
    await puppet.step(2, 0.25);
    const { step, totalSteps, note } = await shop.until(trainer, id, order, is('training'));
    assert.deepEqual([step, totalSteps, note], [2, 4, 'loss 0.250']);
    await puppet.step(4);
    await puppet.does('save');
    await puppet.exit(0);
    const { state, result } = await shop.until(trainer, id, order, is('completed'));
    assert.equal(state, 'succeeded');
    assert.deepEqual(result, { model: order.name, trainedTokens: 400 });
    const model = join(shop.state, 'models', order.name);
    assert.deepEqual((await readdir(model)).sort(), [
      'adapter_config.json',
      'adapters.safetensors',
      'semievol.json',
    ]);
    assert.deepEqual(JSON.parse(await readFile(join(model, 'semievol.json'), 'utf8')), {
      base: BASE,
    });

    const wanted = { model: { name: order.name, base: BASE, jobId: id }, form: 'adapter' } as const;
    const into = join(shop.folder, 'export');
    await mkdir(into);
    const weights = await trainer.weights!(wanted, into);
    assert.deepEqual(weights, {
      ...{ files: ['adapter_config.json', 'adapters.safetensors'], library: 'mlx' },
    });
    for (const file of await readdir(into))
      assert.deepEqual(await readFile(join(into, file)), await readFile(join(model, file)));
    const lacking = async (more: object) => {
      const found = await trainer.weights!({ ...wanted, ...more }, into);
      return 'lacking' in found ? found.lacking : '';
    };
    assert.match(await lacking({ form: 'merged' }), /served by mlx-lm .* merge_and_unload of peft/);
    const other = { ...wanted.model, name: 'other' };
    assert.match(await lacking({ model: other }), /holds no other: export it on the machine/);
  });

  it('goes on from the last whole checkpoint when the command is killed', async () => {
    const { trainer, order, id, puppet } = await running();
    await puppet.step(1);
    await puppet.does('write', { name: '0000001_adapters.safetensors' });
    await puppet.step(2);
    await puppet.does('write', { name: '0000002_adapters.safetensors' });
    await puppet.step(3);
    await puppet.does('write', { name: '0000003_adapters.safetensors', part: 0.9 });
    process.kill(puppet.pid, 'SIGKILL');
    await puppet.ended;
    await shop.until(trainer, id, order, (job) => job.note?.includes('went on') ?? false);
    const next = await shop.puppeteer.puppet(2);
    assert.match(String(next.config.resume_adapter_file), /\/1\/output\/0000002_adapters/);
    assert.deepEqual([next.config.iters, next.config.seed], [2, 3]);
    await next.step(1);
    const { step, totalSteps } = await shop.until(trainer, id, order, is('training'));
    assert.deepEqual([step, totalSteps], [3, 4]);
    await next.step(2);
    await next.does('save');
    await next.exit(0);
    const { result } = await shop.until(trainer, id, order, is('completed'));
    assert.equal(result?.model, order.name);
  });

  it('leaves nothing of a command that is cancelled, nor of what it has begun', async () => {
    const { trainer, order, id, puppet } = await running();
    const child = (await puppet.does('bear')) as number;
    await puppet.step(1);
    assert.ok(await identityOf(child));
    assert.equal(await trainer.cancel(order, id), 1);
    await puppet.ended;
    await untilGone(child);
    assert.equal((await trainer.poll(id, order)).state, 'cancelled');
    assert.equal(await trainer.cancel(order, id), 0);
    assert.notEqual((await trainer.adoptOrCreate(order)).id, id);
  });

  it('ends the command with the worker, however that ends, and another worker goes on', async () => {
    const trainer = shop.trainer();
    const order = await shop.order();
    const { id } = await trainer.adoptOrCreate(order);
    const worker = await Worker.start(shop.spec(), id, order);
    const puppet = await shop.puppeteer.puppet(1);
    const child = (await puppet.does('bear')) as number;
    await puppet.step(1);
    await puppet.does('write', { name: '0000001_adapters.safetensors' });
    worker.kill();
    await puppet.ended;
    await untilGone(child);
    await shop.until(trainer, id, order, ({ note }) => note === 'starting, went on from step 1');
    assert.equal((await shop.puppeteer.puppet(2)).config.iters, 3);
    await trainer.cancel(order, id);
  });

  it('is run once, though several workers look at it at once', async () => {
    const trainer = shop.trainer();
    const order = await shop.order();
    const { id } = await trainer.adoptOrCreate(order);
    const start = () => Worker.start(shop.spec(), id, order);
    const workers = await Promise.all([start(), start(), start()]);
    await shop.until(trainer, id, order, is('starting'));
    const puppet = await shop.puppeteer.puppet(1);
    await puppet.step(1);
    await shop.until(trainer, id, order, is('training'));
    assert.equal(shop.puppeteer.puppets.length, 1);
    await trainer.cancel(order, id);
    for (const worker of workers) worker.kill();
  });

  it('takes up what a killed keeper has left, and ends that first', async () => {
    const { trainer, order, id, puppet } = await running();
    await puppet.step(1);
    const keeper = join(shop.state, 'jobs', order.name, '1', '1', 'keeper.json');
    process.kill(JSON.parse(await readFile(keeper, 'utf8')).pid, 'SIGKILL');
    await shop.until(trainer, id, order, ({ note }) => note?.includes('began again') ?? false);
    await puppet.ended;
    await shop.puppeteer.puppet(2);
    await trainer.cancel(order, id);
  });

  it('kills what does not end when it is asked to', async () => {
    const { trainer, order, id, puppet } = await running();
    await puppet.does('harden');
    const cancelled = trainer.cancel(order, id);
    assert.equal(await puppet.heard(), 'SIGTERM');
    assert.equal((await trainer.poll(id, order)).state, 'cancelling');
    assert.equal(await cancelled, 1);
    await untilGone(puppet.pid);
  });

  it('lets a job wait for the place of another', async () => {
    const { trainer, order, id, puppet } = await running();
    const next = await shop.order(2);
    const { id: waiting } = await trainer.adoptOrCreate(next);
    for (let look = 0; look < 3; look++)
      assert.equal((await trainer.poll(waiting, next)).detail, 'queued');
    await puppet.step(4);
    await puppet.does('save');
    await puppet.exit(0);
    await shop.until(trainer, id, order, is('completed'));
    await shop.until(trainer, waiting, next, is('starting'));
    assert.equal((await shop.puppeteer.puppet(2)).config.seed, 2);
    await trainer.cancel(next, waiting);
  });

  for (const [what, act, reason] of [
    ['whose log shows no step', [], /its log shows no step/],
    ['whose log stops early', [['step', 3]], /its log stops at step 3 of 4/],
    ['that left no weights', [['step', 4]], /in its output there is no adapters\.safetensors/],
    [
      'whose weights are cut off',
      [
        ['step', 4],
        ['cut', 0.9],
      ],
      /adapters\.safetensors is cut off/,
    ],
    ['that diverged', [['nan', 4]], /diverged.*lower the learning rate/],
  ] as const)
    it(`takes no command for a success ${what}, though it ends with 0`, async () => {
      const { trainer, order, id, puppet } = await running();
      for (const [does, given] of act as readonly (readonly [string, number])[])
        if (does === 'cut')
          await puppet.does('write', { name: 'adapters.safetensors', part: given });
        else await puppet.step(given, does === 'nan' ? Number.NaN : 0.5);
      await puppet.exit(0);
      const { message } = await shop.until(trainer, id, order, is('failed'));
      assert.match(message!, reason);
    });

  it('fails at once where the command ends before its first step, with its last lines', async () => {
    const { trainer, order, id, puppet } = await running();
    await puppet.does('print', 'Traceback:\nOutOfMemoryError: CUDA out of memory\n');
    await puppet.exit(1);
    const { message } = await shop.until(trainer, id, order, is('failed'));
    assert.match(
      message!,
      /ended with 1; its last lines: Traceback: \| OutOfMemoryError: CUDA out of/,
    );
  });

  it('gives up a command that crashes again and again', async () => {
    const { trainer, order, id } = await running({ retries: 1 });
    for (const number of [1, 2]) {
      const puppet = await shop.puppeteer.puppet(number);
      await puppet.step(number);
      await puppet.exit(7);
      if (number === 1) await shop.until(trainer, id, order, is('starting'));
    }
    const { message } = await shop.until(trainer, id, order, is('failed'));
    assert.match(message!, /ended with 7, one of 2 crashes/);
  });

  it('goes on with the adapter of an earlier stage, over the same base', async () => {
    const first = await running();
    await first.puppet.step(4);
    await first.puppet.does('save');
    await first.puppet.exit(0);
    const { trainer } = first;
    const { result } = await shop.until(trainer, first.id, first.order, is('completed'));
    const second = await shop.order(1, { model: result!.model });
    const { id } = await trainer.adoptOrCreate(second);
    await shop.until(trainer, id, second, is('starting'));
    const { config } = await shop.puppeteer.puppet(2);
    const adapter = join(shop.state, 'models', result!.model, 'adapters.safetensors');
    assert.deepEqual([config.model, config.resume_adapter_file], [BASE, adapter]);
    await trainer.cancel(second, id);
    const another = shop.trainer({ tool: 'trl' });
    await assert.rejects(
      another.adoptOrCreate({ ...second, name: 'another' }),
      failure('NoFineTuning', { retried: false }),
    );
  });

  it('says before anything is spent what is missing', async () => {
    const obstacle = (more: object) => shop.trainer(more).preflight();
    assert.equal(await obstacle({}), undefined);
    assert.match((await obstacle({ command: ['no-such-program'] }))!, /no program no-such-program/);
    assert.match((await obstacle({ values: { rnak: 4 } }))!, /no \{\{rnak\}\}/);
    assert.match((await obstacle({ values: { batchSize: 'many' } }))!, /batchSize.*no number/);
    assert.match(
      (await obstacle({ template: '/nowhere.yaml' }))!,
      /nowhere\.yaml.*trainer\.template/,
    );
    const template = join(shop.folder, 'own.yaml');
    await writeFile(template, 'model: {{model}}\nsize: {{size}}\n');
    assert.match((await obstacle({ template }))!, /\{\{size\}\}.*trainer\.values\.size/);
    assert.equal(await obstacle({ template, values: { size: 3 } }), undefined);
  });
});
