import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { usageOf } from '../../core/usage.ts';
import { useStore } from '../support/suite.ts';
import { startWriters } from './writers.ts';

const everything = { from: 0, to: 16_384 };
const COUNT = 8;
/** In all more than are left without compaction. */
const APPENDS = 16;

describe('Eight processes that write the same tables at once', () => {
  const store = useStore();

  it('make them together and lose no row, while they are read and compacted', async () => {
    const run = await store.run('many', 'data');
    /** Who wrote the answer of each key. */
    const read = async () => {
      const rows = await run.answers({ round: 1, stage: 'collaborate', range: everything });
      const writers = new Map(rows.map((row) => [`${row.collaborator} ${row.ordinal}`, row.model]));
      assert.equal(writers.size, rows.length, 'one row a key');
      return writers;
    };
    const go = await startWriters(
      { uri: store.uri },
      { run: 'many', count: COUNT, appends: APPENDS },
    );

    let writing = true;
    const written = go().finally(() => {
      writing = false;
    });
    const compacted = (async () => {
      while (writing) await run.optimize(1, everything);
    })();
    let last = await read();
    const readAgain = async () => {
      const now = await read();
      for (const [key, writer] of last) assert.equal(now.get(key), writer, `${key} stays`);
      last = now;
    };
    let reads = 0;
    for (; writing; reads++) await readAgain();
    await Promise.all([written, compacted]);
    assert.ok(reads > 0);

    await readAgain();
    assert.equal(last.size, COUNT * APPENDS * 10 + APPENDS);
    assert.equal(usageOf(await run.spend(1), 'collaborate').requests, COUNT * APPENDS * 11);
    await run.optimize(1, everything);
    await readAgain();
    assert.equal(last.size, COUNT * APPENDS * 10 + APPENDS);
    assert.equal(usageOf(await run.spend(1), 'collaborate').requests, COUNT * APPENDS * 11);
  });
});
