import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { DeploymentOrder } from '../../../providers/deployments.ts';
import { failure } from '../support.ts';
import { useTogether } from './support.ts';

describe('deployments at Together', () => {
  const bench = useTogether();
  let order: DeploymentOrder;
  beforeEach(async () => {
    order = bench.deploymentOrder(await bench.trained());
  });
  const all = () => bench.server.deployments.all();

  async function ready(): Promise<{ id: string; servedAs: string }> {
    const { id } = await bench.deployments.deploy(order);
    for (;;) {
      const seen = await bench.deployments.poll(id, order);
      if (seen.state !== 'pending') return seen;
    }
  }
  it('come up on the fewest accelerators, and answer', async () => {
    const { servedAs } = await ready();
    assert.equal(servedAs, `stand-in/semievol/${order.name}`);
    const [made] = all();
    assert.deepEqual([made!.config, made!.inactiveTimeout], ['projects/public/configs/cr_1', 40]);
  });

  it('are made once, though the answer is lost', async () => {
    bench.server.setFaults(({ method, path }) =>
      method === 'POST' && path.startsWith('/v2') ? 'cut-after' : undefined,
    );
    const lost = failure('Unreachable', { retried: true });
    await assert.rejects(bench.deployments.deploy(order), lost);
    bench.server.setFaults();
    await bench.deployments.deploy(order);
    await bench.another().deployments!.deploy(order);
    assert.equal(all().length, 1);
  });

  for (const [status, state] of [
    ['PROVISIONING', 'pending'],
    ['SCALING', 'ready'],
    ['DEGRADED', 'ready'],
    ['FAILED', 'failed'],
    ['STOPPING', 'gone'],
    ['STOPPED', 'gone'],
    ['DREAMING', 'pending'],
  ] as const)
    it(`are seen as they are: ${status}`, async () => {
      const { id } = await bench.deployments.deploy(order);
      bench.server.deployments.finish(id.split('/')[1]!, status);
      assert.equal((await bench.deployments.poll(id, order)).state, state);
    });

  it('are gone where they are not known any more', async () => {
    const { id } = await bench.deployments.deploy(order);
    bench.server.deployments.remove(id.split('/')[1]!);
    assert.equal((await bench.deployments.poll(id, order)).state, 'gone');
  });

  it('are started again after Together stopped them, and made anew where they failed', async () => {
    const { id } = await ready();
    const own = id.split('/')[1]!;
    bench.server.deployments.finish(own, 'STOPPED');
    assert.equal((await ready()).id, id);
    bench.server.deployments.finish(own, 'FAILED');
    assert.notEqual((await ready()).id, id);
    assert.equal(all().length, 1);
  });

  it('are taken down, also while they come up, and nothing is left', async () => {
    assert.equal(await bench.deployments.undeploy(order), false);
    const { id } = await bench.deployments.deploy(order);
    assert.equal(await bench.deployments.undeploy(order, id), true);
    assert.deepEqual(all(), []);
    assert.deepEqual(bench.server.billed(), []);
    assert.equal(await bench.deployments.undeploy(order, id), false);
  });

  it('of two models stand side by side', async () => {
    const first = await ready();
    order = {
      ...bench.deploymentOrder(await bench.trained(await bench.order({ round: 2 }))),
      name: 'b',
    };
    const second = await ready();
    assert.notEqual(second.servedAs, first.servedAs);
    assert.equal(await bench.deployments.undeploy(order), true);
    assert.equal(all().length, 1);
  });

  it('cannot be of a model that no job made', async () => {
    order = bench.deploymentOrder('somebody/else');
    const unknown = failure('NotFound', { retried: false });
    await assert.rejects(bench.deployments.deploy(order), unknown);
  });
});
