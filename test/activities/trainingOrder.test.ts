import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { requestOf, trainingOrder, type UploadedOrder } from '../../activities/trainingOrder.ts';
import type { Store } from '../../store/store.ts';
import { temporaryStore } from '../store/support.ts';

const lineage = { run: 'run', round: 1, role: 'warm-up', dataset: 'data' } as const;
const uploaded: UploadedOrder = {
  rows: { from: 'file', path: 'rows.jsonl' },
  ...{ lineage, model: 'base', fileId: 'file-1', sha256: 'aa'.repeat(32) },
  ...{ training: { epochs: 2, batchSize: 8 }, seed: 3, suffix: 'r1-warm-up' },
};

describe('the order that a trainer gets', () => {
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

  const openai = { trainer: { type: 'openai' } };
  const order = (
    more: Partial<UploadedOrder> = {},
    { of = store, namespace = 'one', config = openai } = {},
  ) =>
    new MockActivityEnvironment({ namespace }).run(() =>
      trainingOrder({ store: of, config }, { ...uploaded, ...more }),
    ) as ReturnType<typeof trainingOrder>;

  it('is the same whenever it is made, wherever its rows are', async () => {
    const first = await order();
    assert.deepEqual(await order(), first);
    assert.match(first.key, /^run\/1\/warm-up\/[0-9a-f]{32}$/);
    assert.match(first.name, /^r1-warm-up-[0-9a-f]{12}$/);
    assert.equal((await order({ training: { batchSize: 8, epochs: 2 } })).key, first.key);
    // A file that had to be uploaded once more, or was moved, has the same content.
    assert.equal((await order({ fileId: 'file-2' })).key, first.key);
    assert.equal((await order({ rows: { from: 'file', path: 'moved.jsonl' } })).key, first.key);
  });

  it('holds all that makes the model, and for whom: trainer, namespace, store and lineage, too', async () => {
    const { request } = await order();
    assert.deepEqual(request, {
      ...{ namespace: 'one', store: await store.identity(), lineage, model: 'base' },
      ...{ sha256: 'aa'.repeat(32), training: { epochs: 2, batchSize: 8 }, seed: 3 },
      ...{ suffix: 'r1-warm-up', trainer: { type: 'openai' } },
    });
    const all = [
      await order(),
      await order({}, { of: other }),
      await order({}, { namespace: 'two' }),
      await order({}, { config: { trainer: { type: 'box' } } }),
    ];
    assert.equal(new Set(all.map(({ key }) => key)).size, all.length);
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
  });

  it('has what a later version of ours asks for in its key, without a word of it here', async () => {
    const later = { training: { epochs: 2, batchSize: 8, warmupRatio: 0.1 }, quantised: true };
    assert.notEqual((await order(later as Partial<UploadedOrder>)).key, (await order()).key);
  });

  it('names its file before that is uploaded', async () => {
    const { fileId: _, sha256, ...unknown } = uploaded;
    const { name } = (await new MockActivityEnvironment({ namespace: 'one' }).run(() =>
      requestOf({ store, config: openai }, unknown, sha256),
    )) as Awaited<ReturnType<typeof requestOf>>;
    assert.equal(name, (await order()).name);
  });
});
