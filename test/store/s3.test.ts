import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { usageOf } from '../../core/usage.ts';
import { openStore, type Store, type StoreOptions } from '../../store/store.ts';
import { type S3, startS3 } from '../support/s3.ts';
import { setEnvironment } from './environment.ts';
import { assertMadeOnce } from './race.ts';
import { answer, example, writeDataset } from './support.ts';
import { startWriters } from './writers.ts';

const everything = { from: 0, to: 16_384 };
const stage = { round: 1, stage: 'collaborate' } as const;

describe('A store on object storage', () => {
  let s3: S3;

  before(async () => {
    s3 = await startS3();
  });

  after(() => s3?.close());

  describe('in use', () => {
    let restore: () => void;
    let location: StoreOptions;
    let store: Store;

    before(async () => {
      restore = setEnvironment(s3.environment);
      location = { uri: `${s3.uri}/store`, storageOptions: s3.storageOptions };
      store = await openStore(location);
    });

    after(() => {
      store?.close();
      restore?.();
    });

    it('holds data sets, and finds neighbours in them', async () => {
      const labelled = [0, 1, 2].map((ordinal) => example('labelled', ordinal));
      const dataset = await writeDataset(store, 'data', labelled);
      assert.deepEqual(await dataset.range('labelled', everything), labelled);
      assert.deepEqual(await dataset.at('labelled', [2]), [labelled[2]]);
      const vectors = labelled.map(({ ordinal, id }) => ({ ordinal, id, vector: [1, ordinal] }));
      await dataset.addVectors('model', 'labelled', vectors);
      await dataset.prepareSearch('model');
      const [near] = await dataset.nearest('model', [new Float32Array([1, 0.9])], 1);
      assert.equal(near![0]!.ordinal, 1);
      const [found] = await dataset.bm25(['question 2'], 1);
      assert.equal(found![0]!.ordinal, 2);
    });

    it('holds runs, for whoever opens it', async () => {
      const run = await store.run('run', 'data');
      assert.deepEqual(await run.spend(1), []);
      for (const ordinal of [0, 1, 2]) await run.addAnswers([answer(ordinal)], 1);
      await run.addAnswers([answer(0, { text: 'of a retry' })], 2);
      const again = await openStore({ ...location, uri: `${location.uri}/` });
      const rows = await (await again.run('run', 'data')).answers({ ...stage, range: everything });
      assert.deepEqual(rows, [answer(0), answer(1), answer(2)]);
      again.close();
    });

    it('makes each table once, whoever is the first', () =>
      assertMadeOnce({ ...location, uri: `${s3.uri}/race` }, 2));

    it('takes the appends of eight processes that make its tables at the same time', async () => {
      const go = await startWriters(location, { run: 'many', count: 8, appends: 3 });
      await go();
      const run = await store.run('many', 'data');
      const rows = await run.answers({ ...stage, range: everything });
      assert.equal(rows.length, 8 * 3 * 10 + 3);
      assert.equal(usageOf(await run.spend(1), 'collaborate').requests, 8 * 3 * 11);
    });
  });

  it('is refused, soon and with a remedy, when it cannot be used', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const silent = { aws_endpoint: `http://127.0.0.1:${port}`, timeout: '1s' };
    const noOne = { aws_endpoint: 'http://127.0.0.1:9' };
    const refuses = (message: RegExp, change: Record<string, string> = {}, uri = s3.uri) => {
      const storageOptions = { ...s3.storageOptions, ...change };
      return assert.rejects(openStore({ uri, storageOptions }), { name: 'StoreError', message });
    };
    const noRight = /^Store s3:\/\/semievol: access is denied\. Check the keys/;
    await Promise.all([
      refuses(noRight, { aws_secret_access_key: 'wrong' }),
      refuses(noRight, { aws_access_key_id: 'AKIAWRONG' }),
      refuses(noRight, s3.readOnlyOptions),
      refuses(/the bucket does not exist\. Create it/, {}, 's3://nobodys'),
      refuses(/cannot be reached\. Check its address/, noOne),
      refuses(/cannot be reached\. Check its address/, silent),
      refuses(/begins with http:, not https:.* allow_http: 'true'/, { allow_http: 'false' }),
      refuses(/knows no storage of this kind\. Use a folder/, {}, 's4://semievol'),
    ]);
    server.close();
  });
});
