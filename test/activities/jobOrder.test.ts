import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { fileNameOf, type JobOrder, requestOf } from '../../activities/jobOrder.ts';
import type { Store } from '../../store/store.ts';
import { temporaryStore } from '../store/support.ts';

const lineage = { run: 'run', round: 1, role: 'warm-up', dataset: 'data' } as const;
const order: JobOrder = {
  rows: { from: 'file', path: 'rows.jsonl' },
  ...{ lineage, model: 'base', fileId: 'file-1', sha256: 'aa'.repeat(32) },
  ...{ training: { epochs: 2, batchSize: 8 }, seed: 3, suffix: 'r1-warm-up' },
};

describe('the request that stands for an order', () => {
  let store: Store;
  let other: Store;
  const removing: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    for (const take of [(one: Store) => (store = one), (one: Store) => (other = one)]) {
      const made = await temporaryStore();
      take(made.store);
      removing.push(made.remove);
    }
  });
  afterEach(async () => {
    for (const remove of removing.splice(0)) await remove();
  });

  const within = <T>(call: () => Promise<T>, namespace = 'one') =>
    new MockActivityEnvironment({ namespace }).run(call) as Promise<T>;
  const request = (more: Partial<JobOrder> = {}, of = store, namespace?: string) =>
    within(() => requestOf(of, { ...order, ...more }), namespace);
  const name = (of = store, namespace?: string, round = 1) =>
    within(() => fileNameOf(of, { ...lineage, round }, order.sha256), namespace);

  it('is the same whenever it is made', async () => {
    const first = await request();
    assert.deepEqual(await request(), first);
    assert.match(first.key, /^run\/1\/warm-up\/[0-9a-f]{16}$/);
    assert.deepEqual([first.epochs, first.batchSize, first.fileId], [2, 8, 'file-1']);
    assert.equal((await request({ training: { batchSize: 8, epochs: 2 } })).key, first.key);
    // A file that had to be uploaded once more has the same content.
    assert.equal((await request({ fileId: 'file-2' })).key, first.key);
    assert.equal(await name(), await name());
  });

  it('has a key, and a suffix, of its own for all that makes the model, and for whose it is', async () => {
    const all = [
      await request(),
      await request({}, other),
      await request({}, store, 'two'),
      await request({ lineage: { ...lineage, run: 'another' } }),
      await request({ lineage: { ...lineage, round: 2 } }),
      await request({ lineage: { ...lineage, role: 'semievol' } }),
      await request({ model: 'another' }),
      await request({ sha256: 'bb'.repeat(32) }),
      await request({ training: { epochs: 3, batchSize: 8 } }),
      await request({ training: { epochs: 2, batchSize: 4 } }),
      await request({ training: { epochs: 2 } }),
      await request({ training: { ...order.training, learningRateMultiplier: 2 } }),
      await request({ seed: 4 }),
    ];
    assert.equal(new Set(all.map(({ key }) => key)).size, all.length);
    assert.equal(new Set(all.map(({ suffix }) => suffix)).size, all.length);
  });

  it('has a suffix that every provider takes', async () => {
    assert.match((await request()).suffix, /^r1-warm-up-[0-9a-f]{8}$/);
    const { suffix } = await request({ suffix: 'x'.repeat(64) });
    assert.match(suffix, /^x{31}-[0-9a-f]{8}$/);
  });

  it('is about a file that serves no other work', async () => {
    const names = [
      await name(),
      await name(other),
      await name(store, 'two'),
      await name(store, 'one', 2),
    ];
    assert.equal(new Set(names).size, names.length);
    assert.match(names[0]!, /^semievol-a{32}-[0-9a-f]{8}\.jsonl$/);
  });
});
