import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { extendDataset } from '../../data/extendDataset.ts';
import { ingestDataset } from '../../data/ingestDataset.ts';
import { listPlace } from '../../data/place.ts';
import { bytesOf, sourceOf } from '../../data/source.ts';
import { setEnvironment } from '../store/environment.ts';
import { type S3, startS3 } from '../support/s3.ts';
import { useFolder, useStore } from '../support/suite.ts';
import { inputOf, preflighted, runSql, sentiment, writeGoodFiles } from './support.ts';

const everything = { from: 0, to: 16_384 };
/** Characters that mean something in URLs, in XML or to a shell. */
const ODD = 'a b+c&d=é%20?#<\'">\u0001.csv';

/** What is outside of data, and keeps them away. */
const AWAY = 'DataUnavailable';

describe('Data in a bucket', () => {
  const folder = useFolder('suite');
  const store = useStore();
  let s3: S3;
  let restore: () => void;

  before(async () => {
    s3 = await startS3();
    restore = setEnvironment(s3.environment);
    await writeGoodFiles(folder);
  });

  after(async () => {
    restore?.();
    await s3?.close();
  });

  const list = async (place: string) =>
    (await listPlace(place, Date.now())).map(({ kind, file }) => [kind, file]);

  describe('that is watched', () => {
    it('is what lies directly in its folders, hidden files apart', async () => {
      await s3.put('drop/labelled/', '');
      await s3.put('drop/unlabelled/may.csv', 'question\nmeh\n');
      await s3.put('drop/unlabelled/.part', 'no data file');
      await s3.put('drop/unlabelled/deeper/june.csv', 'question\nhm\n');
      await s3.put('drop/other/june.csv', 'question\nhm\n');
      await s3.put('drops/unlabelled/june.csv', 'question\nhm\n');
      const found = [['unlabelled', 's3://semievol/drop/unlabelled/may.csv']];
      assert.deepEqual(await list('s3://semievol/drop'), found);
      assert.deepEqual(await list('s3://semievol/drop/'), found);
      await s3.put('test/t.csv', 'question,answer\nhm,neutral\n');
      assert.deepEqual(await list('s3://semievol'), [['test', 's3://semievol/test/t.csv']]);
    });

    it('is marked by what objects hold, whenever they are written', async () => {
      const mark = async (body: string) => {
        await s3.put('marked/test/one.csv', body);
        return (await listPlace('s3://semievol/marked', Date.now()))[0]!.mark;
      };
      const first = await mark('question\none\n');
      assert.equal(await mark('question\none\n'), first);
      assert.notEqual(await mark('question\ntwo\n'), first);
    });

    it('may have more objects than a page of a listing', async () => {
      const keys = Array.from({ length: 25 }, (_, at) => `many/test/${at}.csv`);
      await Promise.all(keys.map((key) => s3.put(key, 'question')));
      const found = await list('s3://semievol/many');
      assert.deepEqual(
        found.map(([, file]) => file).sort(),
        keys.map((key) => `s3://semievol/${key}`).sort(),
      );
    });

    it('is refused where there is nothing, or where it cannot be listed', async () => {
      const refuses = (place: string, message: RegExp, name = 'DataError') =>
        assert.rejects(list(place), { name, message });
      await refuses('s3://semievol/nothing', /^s3:\/\/semievol\/nothing has none of the folders/);
      await refuses('s3://nobodys/drop', /there is no bucket nobodys\. Check its name/, AWAY);
      await refuses('https://host/drop', /cannot be watched\. Give a folder, or s3:/);
      const back = setEnvironment({ AWS_ACCESS_KEY_ID: 'AKIAWRONG' });
      await refuses('s3://semievol/drop', /^s3:\/\/semievol\/drop.*: access is denied/, AWAY);
      back();
    });
  });

  it('is read under any name, in every format', async () => {
    await s3.put(`odd/labelled/${ODD}`, 'question,answer\nfine,positive\nawful,negative\n');
    const [[, labelled]] = (await list('s3://semievol/odd')) as [[string, string]];
    assert.equal(labelled, `s3://semievol/odd/labelled/${ODD}`);
    await s3.put('u.jsonl', '{"question":"nice"}\n');
    const parquet = join(folder.path, 'test.parquet');
    await runSql(
      `COPY (SELECT 'great' AS question, 'positive' AS answer) TO '${parquet}' (FORMAT parquet)`,
    );
    await s3.put('t.parquet', await readFile(parquet));
    const elsewhere = { labelled, unlabelled: 's3://semievol/u.jsonl' };
    const input = inputOf(folder.path, { ...elsewhere, test: 's3://semievol/t.parquet' });
    await preflighted(input);
    const { dataset, counts } = await ingestDataset(store, input);
    assert.deepEqual(counts, { labelled: 2, unlabelled: 1, test: 1 });
    await s3.put('more.csv', 'question\nso so\n');
    const arrival = { unlabelled: ['s3://semievol/more.csv'] };
    const extended = await extendDataset(store, {
      ...{ dataset, run: 'run', arrival, data: input.data, task: sentiment },
    });
    const now = await store.dataset(extended.dataset).range('unlabelled', everything);
    assert.deepEqual(
      now.map(({ question }) => question),
      ['nice', 'so so'],
    );
  });

  it('is read as it was when the reading began', async () => {
    const before = 'question\n'.repeat(500_000);
    await s3.put('large.csv', before);
    const bytes = await bytesOf(sourceOf('s3://semievol/large.csv', '.'));
    const read: Buffer[] = [];
    for await (const chunk of bytes) {
      if (read.length === 0) await s3.put('large.csv', 'question\nother\n');
      read.push(chunk);
    }
    assert.equal(Buffer.concat(read).toString(), before);
  });

  it('is refused with a remedy where it cannot be read', async () => {
    await s3.put('there.csv', 'question\nnice\n');
    const refuses = async (unlabelled: string, message: RegExp, name = 'DataError') => {
      const input = inputOf(folder.path);
      input.data.unlabelled = [unlabelled];
      await assert.rejects(preflighted(input), { name: 'DataError', message });
      await assert.rejects(ingestDataset(store, input), { name, message });
    };
    await refuses(
      's3://semievol/gone.csv',
      /^s3:\/\/semievol\/gone\.csv: .*no such object\. Check/,
      AWAY,
    );
    await refuses(
      's3://nobodys/u.csv',
      /^s3:\/\/nobodys\/u\.csv: there is no bucket nobodys/,
      AWAY,
    );
    await refuses('s3://me:SECRET@semievol/u.csv', /^s3:\/\/semievol\/u\.csv names no object/);
    await refuses('s3://semievol', /^s3:\/\/semievol names no object in a bucket/);
    const back = setEnvironment(s3.listingEnvironment);
    await refuses(
      's3://semievol/there.csv',
      /^s3:\/\/semievol\/there\.csv: access is denied/,
      AWAY,
    );
    back();
  });

  it('is tried again where the storage cannot be reached', async () => {
    const back = setEnvironment({ AWS_ENDPOINT: 'http://127.0.0.1:9' });
    const input = inputOf(folder.path, { unlabelled: 's3://semievol/there.csv' });
    await assert.rejects(ingestDataset(store, input), {
      name: 'Error',
      message: /^s3:\/\/semievol\/there\.csv: .*try again later/,
    });
    back();
  });
});
