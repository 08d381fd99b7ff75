import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'mocha';
import type { ModelRecord } from '../../core/types.ts';
import { descentOfFirst } from '../../store/datasets.ts';
import { explain } from '../../store/errors.ts';
import { openStore } from '../../store/store.ts';
import { useFolder } from '../support/suite.ts';
import { cleanReport } from './support.ts';

const model: ModelRecord = {
  name: 'ft:base:1',
  run: 'demo',
  round: 1,
  role: 'warm-up',
  endpoint: 'local',
  base: 'base',
  dataset: 'd',
  trainingFileSha256: 'f'.repeat(64),
  trainingRows: 10,
  jobKey: "demo/1/it's",
  jobId: 'job-1',
  createdAt: '2026-01-01T00:00:00.000Z',
};

describe('A store', () => {
  const folder = useFolder('suite');

  it('is made where it does not exist, and found again by path or file URL', async () => {
    const uri = join(folder.path, 'not', 'yet');
    const store = await openStore({ uri });
    await store.models.add(model);
    store.close();
    const again = await openStore({ uri: pathToFileURL(uri).href });
    assert.deepEqual(await again.models.byName(model.name), model);
    again.close();
  });

  it('may lie in a folder of any name', async () => {
    const uri = join(folder.path, 'a b#c%20d é+?');
    const store = await openStore({ uri });
    await store.models.add(model);
    assert.deepEqual(await store.models.list(), [model]);
    assert.ok((await readdir(uri)).includes('models.lance'));
    store.close();
  });

  it('has one identity, whoever asks for it first, and no other store has it', async () => {
    const open = (name: string) => openStore({ uri: join(folder.path, name) });
    const stores = await Promise.all(['one', 'one', 'one', 'other'].map(open));
    const ids = await Promise.all(stores.map((store) => store.identity()));
    assert.equal(new Set(ids).size, 2);
    assert.equal(new Set(ids.slice(0, 3)).size, 1);
    const again = await open('one');
    assert.equal(await again.identity(), ids[0]);
    for (const store of [...stores, again]) store.close();
  });

  it('records each model once and finds it by name, job key and run', async () => {
    const store = await openStore({ uri: join(folder.path, 'models') });
    assert.equal(await store.models.byName('nobody'), undefined);
    await store.models.add(model);
    await store.models.add({ ...model, jobId: 'a retry' });
    const other = { ...model, name: 'ft:base:2', run: 'other', jobKey: 'k' };
    await store.models.add(other);
    assert.deepEqual(await store.models.byJobKey(model.jobKey), model);
    assert.deepEqual(await store.models.list(), [model, other]);
    assert.deepEqual(await store.models.list({ run: 'other' }), [other]);
    const rows = { from: 'file', path: 'own.jsonl' } as const;
    await store.models.addRows(other.name, rows);
    await store.models.addRows(other.name, { ...rows, path: 'a retry' });
    assert.deepEqual(await store.models.rowsOf(other.name), rows);
    assert.equal(await store.models.rowsOf(model.name), undefined);
    store.close();
  });

  it('keeps the first record of a data set', async () => {
    const store = await openStore({ uri: join(folder.path, 'datasets') });
    const info = {
      ...descentOfFirst('d1'),
      id: 'd1',
      table: 'examples-1',
      counts: { labelled: 1, unlabelled: 2, test: 3 },
      report: { ...cleanReport, problems: [{ file: 'a.csv', line: 3, problem: 'no answer' }] },
      createdAt: model.createdAt,
    };
    await store.datasets.record(info);
    await store.datasets.record({ ...info, table: 'examples-2' });
    assert.deepEqual(await store.datasets.find('d1'), info);
    assert.equal(await store.datasets.find("d1' OR 'a' = 'a"), undefined);
    store.close();
  });

  it('keeps runs apart whose names differ in case or signs only, inside its folder', async () => {
    const uri = join(folder.path, 'names');
    const store = await openStore({ uri });
    const names = ['run', 'Run', 'a/b', 'a b', '../../escape', '.', 'x'.repeat(300)];
    const usage = {
      requests: 1,
      unmetered: 0,
      promptTokens: 0,
      cachedTokens: 0,
      completionTokens: 0,
      trainedTokens: 0,
      deployedSeconds: 0,
    };
    for (const [index, name] of names.entries()) {
      const of = { phase: `p${index}`, endpoint: 'e', model: 'm', transport: 'direct' as const };
      const spend = { round: 1, ...of, usage, key: 'k' };
      await (await store.run(name, 'data')).addSpend(spend);
    }
    for (const [index, name] of names.entries()) {
      assert.deepEqual(await (await store.run(name, 'data')).spend(1), [
        { phase: `p${index}`, endpoint: 'e', model: 'm', transport: 'direct', ...usage },
      ]);
    }
    assert.equal((await readdir(join(uri, 'runs'))).length, names.length);
    store.close();
  });

  it('says what to do where its folder cannot be made', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    const remedy = /a part of it is a file/;
    await assert.rejects(openStore({ uri: file }), { name: 'StoreError', remedy });
    await assert.rejects(openStore({ uri: join(file, 'store') }), { name: 'StoreError', remedy });
  });

  it('says what to do where its folder is read-only', async () => {
    // Not even root may write here.
    const uri = process.platform === 'darwin' ? '/System/semievol' : '/sys/semievol';
    await assert.rejects(openStore({ uri }), {
      name: 'StoreError',
      message: `Store ${uri}: it cannot be written to. Give this user the right to write there or set another store URI in temporal.config.ts`,
    });
  });

  it('explains a full disk, a damaged file, a missing bucket and refused keys, and leaves other errors as they are', () => {
    const full = new Error('lance error: LanceError(IO): No space left on device (os error 28)');
    const explained = explain(full, '/store') as Error;
    assert.match(explained.message, /^Store \/store: the disk is full\. Free some space/);
    assert.equal(explained.cause, full);
    const bucket =
      'ListRequest { inner: Status { status: 404, body: Some("NoSuchBucket</Code>") } }';
    assert.match((explain(new Error(bucket), 's3://b') as Error).message, /bucket does not exist/);
    const denied = 'RetryError(inner: Status { status: 403, body: None })';
    assert.match((explain(new Error(denied), 's3://b') as Error).message, /Check the keys/);
    const panic = new Error('Panic in async function');
    assert.match(
      (explain(panic, '/store/t') as Error).message,
      /^Store \/store\/t: a file of this/,
    );
    const other = new Error('os error 281 of something else');
    assert.equal(explain(other, '/store'), other);
  });
});
