import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { RunTables } from '../../store/run.ts';
import { openStore, type Store } from '../../store/store.ts';
import { Disk, whyNoDisk } from './disk.ts';
import { answer } from './support.ts';

const MIB = 1024 ** 2;
const PAGE = 4_096;
const everything = { from: 0, to: 16_384 };
const why = await whyNoDisk();

(why ? describe.skip : describe)(`A store on a small disk${why ? ` (${why})` : ''}`, () => {
  let disk: Disk;
  let store: Store;
  let run: RunTables;
  /** Ordinals of the answers whose append has resolved. */
  const confirmed: number[] = [];

  const append = async (count = 100) => {
    const from = confirmed.length;
    const rows = Array.from({ length: count }, (_, index) => answer(from + index));
    await run.addAnswers(rows, 1);
    confirmed.push(...rows.map(({ ordinal }) => ordinal));
  };
  const stored = async () => {
    const rows = await run.answers({ round: 1, stage: 'collaborate', range: everything });
    return rows.map(({ ordinal }) => ordinal).sort((a, b) => a - b);
  };
  const full = { name: 'StoreError', message: /\.lance: the disk is full\. Free some space/ };

  before(async () => {
    disk = await Disk.open({ size: 80 * MIB });
    store = await openStore({ uri: join(disk.folder, 'store') });
    run = await store.run('run', 'data');
    // More fragments than are left as they are.
    for (let fragment = 0; fragment < 100; fragment++) await append(1);
  });

  after(async () => {
    store?.close();
    await disk?.close();
  });

  it('says that the disk is full, and holds what it has confirmed: no row more or less', async () => {
    // With every page more that is left, the append fails at a later of its files, or not.
    const outcomes = new Set<string>();
    for (let pages = 0; pages < 16; pages++) {
      await disk.fill({ leave: pages * PAGE });
      outcomes.add(
        await append().then(
          () => 'confirmed',
          (error) => {
            assert.throws(() => {
              throw error;
            }, full);
            return 'refused';
          },
        ),
      );
      assert.deepEqual(await stored(), confirmed, `with ${pages} pages left`);
    }
    assert.deepEqual([...outcomes].sort(), ['confirmed', 'refused']);
  });

  it('compacts nothing then, and loses nothing', async () => {
    await disk.fill();
    await assert.rejects(run.optimize(1, everything), full);
    assert.deepEqual(await stored(), confirmed);
  });

  it('goes on by itself when there is space again', async () => {
    await disk.clear();
    await append();
    await run.optimize(1, everything);
    await append();
    assert.deepEqual(await stored(), confirmed);
  });

  it('begins nothing with little space left', async () => {
    await disk.fill({ leave: 63 * MIB });
    const little = { name: 'StoreError', message: /only 6[23] MiB are free on its disk/ };
    await assert.rejects(store.ensureSpace(), little);
    await assert.rejects(openStore({ uri: store.uri }), little);
    await disk.clear();
    await store.ensureSpace();
  });

  it('is read, and says that it cannot be written to, while it is read-only', async () => {
    await disk.remount('ro');
    const readOnly = { name: 'StoreError', message: /cannot be written to\. Give this user/ };
    await assert.rejects(append(), readOnly);
    await assert.rejects(store.ensureSpace(), readOnly);
    await assert.rejects(openStore({ uri: store.uri }), readOnly);
    assert.deepEqual(await stored(), confirmed);
    await disk.remount('rw');
    await append();
    assert.deepEqual(await stored(), confirmed);
  });
});
