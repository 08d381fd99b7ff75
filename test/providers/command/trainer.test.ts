import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { identityOf } from '../../../providers/trainers/command/identity.ts';
import { use } from '../../support/suite.ts';
import { BASE, Workshop } from './support.ts';

describe('a trainer by a command', function () {
  this.timeout(60_000);
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

  it('leaves nothing of a command that is cancelled, not even what does not listen', async () => {
    const { trainer, order, id, puppet } = await running();
    const child = (await puppet.does('bear')) as number;
    await puppet.step(1);
    assert.ok(await identityOf(child));
    assert.equal(await trainer.cancel(order, id), 1);
    await puppet.ended;
    assert.equal(await identityOf(child), undefined);
    assert.equal((await trainer.poll(id, order)).state, 'cancelled');
    assert.equal(await trainer.cancel(order, id), 0);
    assert.notEqual((await trainer.adoptOrCreate(order)).id, id);
  });
});
