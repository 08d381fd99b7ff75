import assert from 'node:assert/strict';
import { cp, glob, mkdir, mkdtemp, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { openStore, type Store } from '../../store/store.ts';
import { answer, example, writeDataset } from './support.ts';

const all = { from: 0, to: 300 };
const ordinals = Array.from({ length: all.to }, (_, ordinal) => ordinal);

/** All of it, or an error: what every part of the store may answer. */
const reads: Record<string, (store: Store) => Promise<unknown>> = {
  async answers(store) {
    const rows = await (await store.run('run', 'data')).answers({ ...stage, range: all });
    return rows.map(({ ordinal }) => ordinal).sort((a, b) => a - b);
  },
  async examples(store) {
    const rows = await store.dataset('data').range('labelled', all);
    return rows.map(({ ordinal }) => ordinal);
  },
  async ids(store) {
    const known = await store.dataset('data').lookUp(ordinals.map((one) => `labelled-${one}`));
    return [...known.values()]
      .flat()
      .map(({ ordinal }) => ordinal)
      .sort((a, b) => a - b);
  },
  async search(store) {
    const [found] = await store.dataset('data').bm25(['question 7'], all.to);
    return found!.map(({ ordinal }) => ordinal).sort((a, b) => a - b);
  },
};
const stage = { round: 1, stage: 'collaborate' } as const;

const damages: Record<string, (file: string) => Promise<void>> = {
  'cut in the middle': async (file) => truncate(file, (await stat(file)).size >> 1),
  'cut by a byte': async (file) => truncate(file, (await stat(file)).size - 1),
  emptied: (file) => truncate(file, 0),
  deleted: (file) => rm(file),
};

describe('A damaged table', () => {
  let folder: string;
  let whole: string;
  let damaged: string;
  let store: Store | undefined;

  const files = async (pattern: string) => {
    const found: string[] = [];
    for await (const file of glob(pattern, { cwd: whole })) found.push(file);
    return found.sort();
  };
  /** Of the answers, the newest first: LanceDB counts their names down. */
  const manifests = () => files('runs/run/data/answers*.held-*.lance/_versions/*.manifest');
  /** Of the table that only gives them their name. */
  const names = async () => {
    const all = await files('runs/run/data/answers*.lance/_versions/*.manifest');
    return all.filter((file) => !file.includes('.held-'));
  };
  const isDamaged = (table: string) => (error: Error) => {
    const message = `Store ${join(damaged, table)}: a file of this table is damaged or missing. Restore`;
    assert.equal(error.name, 'StoreError', error.stack);
    assert.equal(error.message.slice(0, message.length), message);
    return true;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'semievol-damage-'));
    whole = join(folder, 'whole');
    damaged = join(folder, 'damaged');
    const made = await openStore({ uri: whole });
    const run = await made.run('run', 'data');
    for (const from of [0, 100, 200])
      await run.addAnswers(
        ordinals.slice(from, from + 100).map((ordinal) => answer(ordinal)),
        1,
      );
    const dataset = await writeDataset(
      made,
      'data',
      ordinals.map((ordinal) => example('labelled', ordinal)),
    );
    await dataset.prepareSearch();
    for (const read of Object.values(reads)) assert.deepEqual(await read(made), ordinals);
    made.close();
  });

  beforeEach(() => cp(whole, damaged, { recursive: true }));

  afterEach(async () => {
    store?.close();
    await rm(damaged, { recursive: true, force: true });
  });

  after(() => rm(folder, { recursive: true, force: true }));

  for (const [how, damage] of Object.entries(damages)) {
    it(`is named, and never read in part, where any one of its files is ${how}`, async () => {
      const data = await files('**/*.lance/data/*');
      const indices = await files('**/*.lance/_indices/**/*.*');
      assert.ok(data.length >= 6 && indices.length >= 3);
      const [newest] = await manifests();
      const [name] = await names();
      for (const file of [name!, newest!, ...data, ...indices]) {
        await damage(join(damaged, file));
        store = await openStore({ uri: damaged });
        const table = file.slice(0, file.indexOf('.lance/') + '.lance'.length);
        let refused = 0;
        for (const read of Object.values(reads)) {
          try {
            assert.deepEqual(await read(store), ordinals, `without ${file}`);
          } catch (error) {
            refused += Number(isDamaged(table)(error as Error));
          }
        }
        assert.ok(refused > 0, `nothing needs ${file}`);
        store.close();
        await cp(join(whole, file), join(damaged, file));
      }
    });
  }

  it('is not taken for an older one, nor written on, without its newest manifests', async () => {
    const [newest, second, ...older] = await manifests();
    const table = dirname(dirname(newest!));
    const lost = [[newest], [newest, second], [newest, second, ...older]];
    for (const missing of lost) {
      for (const file of missing) await rm(join(damaged, file!), { force: true });
      store = await openStore({ uri: damaged });
      await assert.rejects(reads.answers!(store), isDamaged(table));
      const run = await store.run('run', 'data');
      await assert.rejects(run.addAnswers([answer(0)], 1), isDamaged(table));
      store.close();
    }
  });

  it('does not count as one where a process ended while making it', async () => {
    for (const [manifest] of [await manifests(), await names()]) {
      const table = join(damaged, dirname(dirname(manifest!)));
      await rm(table, { recursive: true });
      await mkdir(join(table, '_transactions'), { recursive: true });
    }
    store = await openStore({ uri: damaged });
    assert.deepEqual(await reads.answers!(store), []);
    await (await store.run('run', 'data')).addAnswers([answer(5)], 1);
    assert.deepEqual(await reads.answers!(store), [5]);
  });
});
