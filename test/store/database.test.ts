import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import type { Store } from '../../store/store.ts';
import { answer, temporaryStore } from './support.ts';

describe('A table that does not exist yet', () => {
  let store: Store;
  let remove: () => Promise<void>;

  before(async () => {
    ({ store, remove } = await temporaryStore());
  });

  after(() => remove());

  it('can be looked for by some while others make it', async () => {
    const run = store.run('looked for', 'data');
    const read = () => run.answers({ round: 1, stage: 'collaborate', range: { from: 0, to: 10 } });
    const add = (ordinal: number) => run.addAnswers([answer(ordinal)], 1);
    const looking = read();
    await setImmediate(); // the search is under way, and has found nothing yet
    await Promise.all([looking, add(0), read(), add(1)]);
    assert.equal((await read()).length, 2);
  });
});
