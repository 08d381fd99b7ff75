import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { DeploymentOrder } from '../../../providers/deployments.ts';
import { KEPT } from '../../support/fireworks/server.ts';
import { failure } from '../support.ts';
import { useFireworks } from './support.ts';

describe('deployments at Fireworks', () => {
  const bench = useFireworks();
  let order: DeploymentOrder;
  beforeEach(async () => {
    order = bench.deploymentOrder(await bench.trained());
  });
  const made = () => bench.server.deployments.get(order.name);

  async function ready(trainer = bench.trainer): Promise<string> {
    const { id } = await trainer.deployments!.deploy(order);
    for (;;) {
      const seen = await trainer.deployments!.poll(id, order);
      if (seen.state === 'ready') return seen.servedAs;
    }
  }

  it('are of one model each, which answers by its name and theirs', async () => {
    const servedAs = await ready();
    assert.equal(servedAs, `${order.model}#accounts/stand-in/deployments/${order.name}`);
    const { baseModel, shape, minReplicaCount, scaleToZeroWindow } = made();
    assert.deepEqual([baseModel, shape], [order.model, 'default']);
    // Twice the endpoint's idleMinutes: should nobody be there to take it down.
    assert.deepEqual([minReplicaCount, scaleToZeroWindow], [0, '2400s']);
  });

  it('are woken up where they were scaled to zero', async () => {
    await ready();
    made().replicaCount = 0;
    const asleep = await bench.deployments.poll(order.name, order);
    assert.deepEqual([asleep.state, asleep.detail], ['pending', 'READY, but is being woken up']);
    assert.equal((await bench.deployments.poll(order.name, order)).state, 'ready');
  });

  it('come back where they were deleted and are kept for a while', async () => {
    await ready();
    bench.server.deployments.finish(order.name, 'DELETED');
    assert.equal((await bench.deployments.poll(order.name, order)).state, 'gone');
    assert.equal(await bench.deployments.undeploy(order), false);
    await ready();
  });

  it('wait for one of the same name that is being deleted', async () => {
    await ready();
    bench.server.deployments.finish(order.name, 'DELETING');
    const waiting = failure('NotUndeployed', { retried: true });
    const { deployments } = bench.another({}, { finalAfterSeconds: 0.1 });
    await assert.rejects(deployments!.deploy(order), waiting);
  });

  it('are deleted for good: the name is free again', async () => {
    await ready();
    assert.equal(await bench.deployments.undeploy(order), true);
    assert.equal(bench.server.deployments.has(order.name), false);
    await ready();
  });

  it('may be one that is kept, for all models', async () => {
    const trainer = bench.another({ deployment: KEPT });
    assert.equal(trainer.deployments!.isFree, true);
    const kept = `#accounts/stand-in/deployments/${KEPT}`;
    assert.equal(await ready(trainer), `${order.model}${kept}`);
    const again = await bench.order({ round: 2 });
    order = { ...bench.deploymentOrder(await bench.trained(again)), name: 'another' };
    assert.equal(await ready(trainer), `${order.model}${kept}`);
    assert.equal(bench.server.addons.all().length, 2);
    assert.equal(await trainer.deployments!.undeploy(order), true);
    assert.equal(bench.server.addons.all().length, 1);
    assert.ok(bench.server.deployments.has(KEPT));
  });

  it('cannot be one that is not there', async () => {
    const trainer = bench.another({ deployment: 'nowhere' });
    const unknown = failure('NotFound', { retried: false });
    await assert.rejects(trainer.deployments!.deploy(order), unknown);
  });
});
