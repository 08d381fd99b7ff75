import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { execa } from 'execa';
import { after, before, beforeEach, describe, it } from 'mocha';
import { createIngest } from '../../activities/ingest.ts';
import { builtIn } from '../../core/registry.ts';
import { fileLine } from '../../core/report/data.ts';
import type { Progress } from '../../core/status.ts';
import { ingestDataset } from '../../data/ingestDataset.ts';
import type { Limits } from '../../data/patience.ts';
import { bytesOfUrl } from '../../data/url.ts';
import type { Store } from '../../store/store.ts';
import { useFolder, useStore } from '../support/suite.ts';
import { choice, inputOf, preflighted, runSql, writeGoodFiles } from './support.ts';

/** An activity's surroundings, without a log of the failures that are wanted here. */
const newEnvironment = () =>
  new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
const everything = { from: 0, to: 1_000_000 };

describe('Ingest', () => {
  const store = useStore();
  const folder = useFolder('test');
  const elsewhere = useFolder('test');

  beforeEach(async () => {
    await writeGoodFiles(folder);
  });

  const tables = async (dataset: string) => {
    const names = await readdir(join(store.uri, 'datasets', dataset));
    // A table is two folders: one that holds its rows, and one that gives it its name.
    const examples = names.filter((name) => name.startsWith('examples-'));
    return [...new Set(examples.map((name) => name.replace(/(\.held-.*)?\.lance$/, '')))];
  };

  it("stores the SemiEvol authors' layout, and says what was left out and why", async () => {
    await folder.write(
      'labelled.csv',
      ',question,options,answer,Subject\n' +
        '7,"Which\none?","[""first, really"", ""second""]",B,logic\n' +
        '8,Which digit?,"[""x"", ""y"", ""z""]",3,logic\n' +
        '9,Which not?,"[""x"", ""y""]",C,logic\n',
    );
    await folder.write('unlabelled.csv', 'question,options,answer\nU1?,"[""p"", ""q""]",A\n');
    await folder.write(
      'test.csv',
      'question,options,answer\nT1?,"[""p"", ""q""]",A\nT1? ,"[""p"", ""q""]",A\n',
    );
    const input = inputOf(folder.path, { maxBadRows: 0.5 }, choice);
    const { dataset, counts, report } = await ingestDataset(store, input);
    assert.deepEqual(counts, { labelled: 2, unlabelled: 1, test: 1 });
    assert.deepEqual(
      report.files.map(({ split, repeated, bad }) => [split, repeated, bad]),
      [
        ['test', 1, {}],
        ['labelled', 0, { answer: 1 }],
        ['unlabelled', 0, {}],
      ],
    );
    assert.deepEqual(
      report.problems.map(({ file, line }) => [file, line]),
      [['labelled.csv', 5]],
    );
    const examples = await store.dataset(dataset).range('labelled', everything);
    assert.deepEqual(
      examples.map(({ question, options, answer }) => [question, options, answer]),
      [
        ['Which\none?', ['first, really', 'second'], 'B'],
        ['Which digit?', ['x', 'y', 'z'], 'C'],
      ],
    );
  });

  it('reads several files and formats of a split as one', async () => {
    await folder.write('more.jsonl', '{"question":"bad"}\n{"question":"from lines"}\n');
    await folder.write('more.json', '[{"question":"from json"}]');
    const parquet = join(folder.path, 'more.parquet');
    await runSql(`COPY (SELECT 'from parquet' AS question) TO '${parquet}' (FORMAT parquet)`);
    const unlabelled = ['unlabelled.csv', 'more.jsonl', 'more.json', 'more.parquet'];
    const { dataset, report } = await ingestDataset(store, inputOf(folder.path, { unlabelled }));
    const examples = await store.dataset(dataset).range('unlabelled', everything);
    assert.deepEqual(
      examples.map(({ question }) => question),
      ['nice', 'bad', 'so so', 'from lines', 'from json', 'from parquet'],
    );
    assert.deepEqual(
      report.files.map(({ repeated }) => repeated),
      [0, 0, 0, 1, 0, 0],
    );
  });

  it('keeps the category of a row as a text, in every format, and tells no rows apart by it', async () => {
    await folder.write(
      'test.csv',
      'question,answer,Subject\na,neutral, law \na,neutral,art\nb,positive,\n',
    );
    await folder.write('more.jsonl', '{"question":"c","answer":"neutral","Subject":7}\n');
    const turns = [
      { role: 'user', content: 'd' },
      { role: 'assistant', content: 'negative' },
    ];
    const chat = [
      { messages: turns, Subject: true },
      { messages: [{ role: 'user', content: 'e' }], answer: 'neutral', Subject: null },
    ];
    await folder.write('more.json', JSON.stringify(chat));
    const parquet = join(folder.path, 'more.parquet');
    await runSql(
      `COPY (SELECT 'f' AS question, 'neutral' AS answer, 1.5 AS "Subject") TO '${parquet}' (FORMAT parquet)`,
    );
    const test = ['test.csv', 'more.jsonl', 'more.json', 'more.parquet'];
    const plain = await ingestDataset(store, inputOf(folder.path, { test }));
    const input = inputOf(folder.path, { test, columns: { category: 'Subject' } });
    const { dataset, report } = await ingestDataset(store, input);
    assert.notEqual(dataset, plain.dataset);
    assert.equal(report.files[0]!.repeated, 1);
    const examples = await store.dataset(dataset).range('test', everything);
    assert.deepEqual(
      examples.map(({ question, category }) => [question, category]),
      [
        ['a', 'law'],
        ['b', undefined],
        ['c', '7'],
        ['d', 'true'],
        ['e', undefined],
        ['f', '1.5'],
      ],
    );
    const others = await store.dataset(plain.dataset).range('test', everything);
    assert.deepEqual(
      others,
      examples.map(({ category: _, ...example }) => example),
    );
  });

  it('takes the first good rows up to a limit', async () => {
    const input = inputOf(folder.path, { limits: { unlabelled: 2, labelled: 1 } });
    const { dataset, counts } = await ingestDataset(store, input);
    assert.deepEqual(counts, { labelled: 1, unlabelled: 2, test: 1 });
    const examples = await store.dataset(dataset).range('unlabelled', everything);
    assert.deepEqual(
      examples.map(({ question }) => question),
      ['nice', 'bad'],
    );
  });

  it('draws as many as the limit by a seed, from whole files, and forgets the others', async () => {
    const labels = ['positive', 'negative'];
    const rows = Array.from({ length: 61 }, (_, index) => `text ${index},${labels[index % 2]}`);
    // What is not drawn to be labelled may be unlabelled.
    const pool = ['question,answer', ...rows].join('\n');
    await folder.write('labelled.csv', pool);
    await folder.write('unlabelled.csv', pool);
    const limits = { labelled: 20, unlabelled: 41 };
    const drawnBy = async (draw: number) => {
      const input = inputOf(folder.path, { limits, draw });
      input.data.unlabelled = ['unlabelled.csv'];
      const { dataset, counts, report } = await ingestDataset(store, input);
      const looked = await preflighted(input);
      assert.deepEqual(looked.counts, counts);
      assert.deepEqual([counts.labelled, counts.unlabelled], [20, 41]);
      const [, labelled] = report.files;
      assert.deepEqual([labelled!.rows, labelled!.kept, labelled!.notDrawn], [61, 20, 41]);
      const of = async (split: 'labelled' | 'unlabelled') =>
        (await store.dataset(dataset).range(split, everything)).map(({ id }) => id);
      const drawn = { labelled: await of('labelled'), unlabelled: await of('unlabelled') };
      assert.equal(new Set([...drawn.labelled, ...drawn.unlabelled]).size, 61);
      return drawn;
    };
    const first = await drawnBy(1);
    assert.deepEqual(await drawnBy(1), first);
    assert.notDeepEqual(await drawnBy(2), first);
  });

  it('gives the same content the same data set, wherever it is, and other content another', async () => {
    const first = await ingestDataset(store, inputOf(folder.path));
    assert.match(first.dataset, /^[0-9a-f]{16}$/);
    const written = await tables(first.dataset);
    await writeGoodFiles(elsewhere);
    assert.deepEqual(await ingestDataset(store, inputOf(elsewhere.path)), first);
    assert.deepEqual(await tables(first.dataset), written);
    await elsewhere.write('test.csv', 'question,answer\ngreat,negative\n');
    const others = [
      inputOf(elsewhere.path),
      inputOf(folder.path, { maxBadRows: 0.5 }),
      inputOf(folder.path, { limits: { test: 1 } }),
    ];
    const ids = await Promise.all(
      others.map(async (one) => (await ingestDataset(store, one)).dataset),
    );
    assert.equal(new Set([first.dataset, ...ids]).size, 4);
  });

  it('leaves one table when attempts run at the same time, and none when one fails', async () => {
    const input = inputOf(folder.path, { columns: { context: 'context' }, maxBadRows: 0.3 });
    const results = await Promise.all(
      [1, 2, 3].map(() => ingestDataset(store, input).catch(() => null)),
    );
    const again = await ingestDataset(store, input);
    for (const result of results) if (result) assert.deepEqual(result, again);
    assert.equal((await tables(again.dataset)).length, 1);

    const before = new Set(await readdir(join(store.uri, 'datasets')));
    await folder.write('labelled.csv', 'question,answer\na,positive\nb,wrong\n');
    await assert.rejects(ingestDataset(store, inputOf(folder.path)), { name: 'DataError' });
    const added = (await readdir(join(store.uri, 'datasets'))).filter((name) => !before.has(name));
    for (const dataset of added) assert.deepEqual(await tables(dataset), []);
  });

  it('keeps texts of examples out of its result', async () => {
    await folder.write('labelled.csv', 'question,answer\nsecret text,positive\n,positive\n');
    await folder.write(
      'test.jsonl',
      '{"question":"T","answer":"neutral"}\n{"question":"secret text"\n',
    );
    const input = inputOf(folder.path, { maxBadRows: 0.5, test: 'test.jsonl' });
    const result = await ingestDataset(store, input);
    assert.equal(result.report.problems.length, 2);
    assert.doesNotMatch(JSON.stringify(result), /secret/);
  });

  describe('over HTTP', () => {
    let server: Server;
    let base: string;
    const asked: string[] = [];
    const variable = '$'.concat('{SEMIEVOL_DATA_TEST}');

    function* endless() {
      for (;;) yield 'question\n'.repeat(1_000);
    }

    before(async () => {
      server = createServer((request, response) => {
        asked.push(request.url!);
        const { pathname } = new URL(request.url!, 'http://localhost');
        if (pathname === '/silent.csv') return;
        if (pathname === '/stuck.csv') return void response.write('question\n');
        if (pathname === '/broken.csv') {
          response.writeHead(200, { 'content-length': 1_000 }).write('question\n');
          setImmediate(() => response.destroy());
          return;
        }
        if (pathname === '/endless.csv') return void Readable.from(endless()).pipe(response);
        const status = Number(/\d{3}/.exec(pathname)?.[0] ?? 200);
        response.writeHead(status).end('question\nfrom afar\n');
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });

    after(() => {
      server.close();
      server.closeAllConnections();
    });

    const withUrl = (path: string) => inputOf(folder.path, { unlabelled: `${base}${path}` });

    it('reads a file, and takes the secrets of its URL from the environment', async () => {
      process.env.SEMIEVOL_DATA_TEST = 'signature=secret';
      try {
        const input = withUrl(`/u.csv?${variable}`);
        await preflighted(input);
        const { dataset } = await ingestDataset(store, input);
        assert.equal(asked.at(-1), '/u.csv?signature=secret');
        const [example] = await store.dataset(dataset).range('unlabelled', everything);
        assert.equal(example!.question, 'from afar');
        await assert.rejects(ingestDataset(store, withUrl(`/404.csv?${variable}`)), {
          name: 'DataUnavailable',
          message: `${base}/404.csv: the server answered 404 Not Found. Check the URL`,
        });
      } finally {
        delete process.env.SEMIEVOL_DATA_TEST;
      }
      await assert.rejects(preflighted(withUrl(`/u.csv?${variable}`)), {
        name: 'DataError',
        message: /u\.csv: the variable SEMIEVOL_DATA_TEST, which the URL names, is not set/,
      });
    });

    it('ends with a server that sends nothing, or without end', async () => {
      const drain = async (path: string, limits: Limits) => {
        const url = new URL(path, base);
        for await (const _ of await bytesOfUrl(url.href, url, undefined, limits));
      };
      await assert.rejects(drain('/silent.csv', { stallMs: 100, maxBytes: 1e6 }), {
        name: 'Error',
        message: /silent\.csv: the server has sent nothing for 0\.1 s/,
      });
      await assert.rejects(
        drain('/stuck.csv', { stallMs: 100, maxBytes: 1e6 }),
        /has sent nothing/,
      );
      await assert.rejects(drain('/endless.csv', { stallMs: 60_000, maxBytes: 1e6 }), {
        name: 'DataError',
        message: /endless\.csv: the server has sent more than 1000000 bytes/,
      });
    });

    it('refuses a URL with a password, or that is none, without telling it', async () => {
      const refused = async (url: string, message: string) => {
        const input = inputOf(folder.path);
        input.data.unlabelled = [url]; // as from a client that does not check its spec
        await assert.rejects(preflighted(input), (error: Error) => {
          assert.equal(error.name, 'DataError');
          assert.ok(error.message.startsWith(message), error.message);
          assert.doesNotMatch(error.message, /SECRET/);
          return true;
        });
      };
      const withPassword = `${base.replace('//', '//me:SECRET@')}/u.csv?signature=SECRET`;
      await refused(withPassword, `${base}/u.csv: the URL holds a user name or a password.`);
      await refused(
        `${base}/u.csv?signature=SECRET`,
        `${base}/u.csv: the query of the URL may hold`,
      );
      await refused('ftp://me:SECRET@host/u.csv', 'ftp://host/u.csv: ftp:// cannot be read.');
      await refused(
        'https://me:SECRET@/u.csv',
        'the URL of a data file, which begins with https://, is none',
      );
    });

    it('lets what may pass be tried again', async () => {
      await assert.rejects(ingestDataset(store, withUrl('/503.csv')), {
        name: 'Error',
        message: /the server answered 503/,
      });
    });

    it('says at the prompt that a server cannot be reached, or breaks off', async () => {
      const gone = inputOf(folder.path, { unlabelled: 'http://127.0.0.1:1/u.csv' });
      await assert.rejects(preflighted(gone), {
        name: 'DataError',
        message: /^http:\/\/127\.0\.0\.1:1\/u\.csv: .*Check the URL, or try again later/,
      });
      await assert.rejects(preflighted(withUrl('/broken.csv')), {
        name: 'DataError',
        message: /broken\.csv: .*try again later/,
      });
      await assert.rejects(ingestDataset(store, withUrl('/broken.csv')), { name: 'Error' });
    });

    it('looks before it copies', async () => {
      await assert.rejects(preflighted(withUrl('/u.parquet')), {
        name: 'DataError',
        message: /u\.parquet is not Parquet/,
      });
      await assert.rejects(preflighted(withUrl('/404.parquet')), { name: 'DataError' });
      const columns = { question: 'text' };
      await assert.rejects(preflighted(inputOf(folder.path, { columns, test: `${base}/u.csv` })), {
        name: 'DataError',
        message: new RegExp(`^${base}/u.csv has no column "text"`),
      });
    });
  });

  describe('refuses, at once and in the preflight,', () => {
    const cases: {
      what: string;
      prepare: () => Promise<unknown>;
      data?: object;
      name?: string;
      message: RegExp;
    }[] = [
      {
        what: 'a missing file',
        name: 'DataUnavailable',
        prepare: async () => {},
        data: { test: 'nowhere.csv' },
        message: /^nowhere\.csv: there is no such file\. Check the path/,
      },
      {
        what: 'a folder',
        prepare: () => mkdir(join(folder.path, 'folder.csv')),
        data: { test: 'folder.csv' },
        message: /^folder\.csv is a folder\. Name the files in it/,
      },
      {
        what: 'an unknown extension',
        prepare: () => folder.write('test.xlsx', 'x'),
        data: { test: 'test.xlsx' },
        message:
          /^test\.xlsx: the extension "\.xlsx" is not known\. Give a file that ends in \.csv/,
      },
      {
        what: 'an empty file',
        prepare: () => folder.write('test.csv', ''),
        message: /^test\.csv is empty/,
      },
      {
        what: 'a file without rows',
        prepare: () => folder.write('test.csv', 'question,answer\n'),
        message: /test files hold no rows/,
      },
      {
        what: 'another encoding',
        prepare: () =>
          folder.write('test.csv', Buffer.from('question,answer\ncafé,neutral', 'latin1')),
        message: /^test\.csv, line 2: byte 4 .* is not UTF-8\. .*iconv/,
      },
      {
        what: 'a missing column',
        prepare: () => folder.write('test.csv', 'Qestion,answer\na,neutral\n'),
        message:
          /^test\.csv has no column "question"\. Set data\.columns\.question to the right one, perhaps "Qestion"; its columns are "Qestion", "answer"\. Cells are separated by ","; data\.separator sets another$/,
      },
      {
        what: 'a missing answer column',
        prepare: () => folder.write('test.csv', 'question,gold\na,neutral\n'),
        message:
          /has no column "answer"\. Set data\.columns\.answer to the right one; its columns are "question", "gold"/,
      },
      {
        what: 'a renamed context that is not there',
        prepare: async () => {},
        data: { columns: { context: 'passage' } },
        message: /has no column "passage"/,
      },
      {
        what: 'a category that test rows do not have',
        prepare: () => folder.write('test.csv', 'question,answer,Subjct\na,neutral,law\n'),
        data: { columns: { category: 'Subject' } },
        message:
          /^test\.csv has no column "Subject"\. Set data\.columns\.category to the right one, perhaps "Subjct"; its columns are/,
      },
      {
        what: 'a category that labelled rows do not have, where these grade models',
        prepare: async () => {},
        data: { test: [], columns: { category: 'Subject' } },
        message: /^labelled\.csv has no column "Subject"\. Set data\.columns\.category/,
      },
      {
        what: 'a category that labelled rows do not have, where some may join the test split',
        prepare: () => folder.write('test.csv', 'question,answer,Subject\na,neutral,law\n'),
        data: { growTest: 0.2, columns: { category: 'Subject' } },
        message: /^labelled\.csv has no column "Subject"\. Set data\.columns\.category/,
      },
      {
        what: 'an answer that is not among the labels, when no row may be bad',
        prepare: () => folder.write('test.csv', 'question,answer\na,neutral\nb,glad\n'),
        data: { maxBadRows: 0 },
        message:
          /^1 of 2 test rows cannot be used; .*\n {2}test\.csv, line 3: answer "glad" is not one of the labels/,
      },
      {
        what: 'a pipe',
        prepare: () => execa('mkfifo', [join(folder.path, 'pipe.csv')]),
        data: { test: 'pipe.csv' },
        message: /^pipe\.csv is not a file but a pipe, a socket or a device/,
      },
      {
        what: 'a device',
        prepare: () => symlink('/dev/zero', join(folder.path, 'zero.csv')),
        data: { test: 'zero.csv' },
        message: /^zero\.csv is not a file/,
      },
      {
        what: 'rows that contradict each other, far down in a file',
        prepare: () =>
          folder.write(
            'labelled.csv',
            `question,answer\n${[...Array(60).keys()].map((row) => `q${row % 50},${row < 50 ? 'positive' : 'negative'}\n`).join('')}`,
          ),
        message:
          /^10 of 60 labelled rows .*\n {2}labelled\.csv, line 52: an earlier row gives another/,
      },
      {
        what: 'labelled examples that are those of the test',
        prepare: () => copyFile(join(folder.path, 'labelled.csv'), join(folder.path, 'test.csv')),
        message:
          /^No labelled example is left: of 2 rows 0 are bad and the others are in another split/,
      },
      {
        what: 'labelled examples of one label only',
        prepare: () => folder.write('labelled.csv', 'question,answer\na,positive\nb,POSITIVE\n'),
        message: /^All labelled examples have the same answer.*\(it is "positive"\)$/,
      },
      {
        what: 'rows that are all bad',
        prepare: () => folder.write('test.csv', 'question,answer\na,\n,neutral\n'),
        message: /test\.csv, line 2: "answer" is empty\n.*line 3: "question" is empty/,
      },
    ];

    for (const { what, prepare, data, name = 'DataError', message } of cases) {
      it(what, async () => {
        await prepare();
        const input = inputOf(folder.path, data);
        await assert.rejects(preflighted(input), { name: 'DataError', message });
        await assert.rejects(ingestDataset(store, input), { name, message });
      });
    }

    it('but takes good files, and counts what ingest counts', async () => {
      await folder.write(
        'labelled.csv',
        'question,answer\nfine,positive\nfine,positive\nbad,\nawful,negative\ngreat,positive\n',
      );
      await folder.write('more.csv', 'question\nfine\nso so\nnew\n');
      const input = inputOf(folder.path, {
        unlabelled: ['unlabelled.csv', 'more.csv'],
        maxBadRows: 0.5,
        limits: { unlabelled: 3 },
      });
      const { counts, files, unread } = await preflighted(input);
      const ingested = await ingestDataset(store, input);
      assert.deepEqual(counts, ingested.counts);
      assert.deepEqual(files, ingested.report.files);
      assert.deepEqual(unread, []);
      assert.deepEqual(files.map(fileLine), [
        'test.csv (test): 1 row, 1 kept',
        'labelled.csv (labelled): 5 rows, 2 kept, 1 repeated, 1 in the test split too, 1 without a usable answer',
        'unlabelled.csv (unlabelled): 3 rows, 3 kept',
        'more.csv (unlabelled): 0 rows, 0 kept; the rest is not read (data.limits)',
      ]);
    });

    it('but looks at the first rows only of what is too large or somewhere else', async () => {
      const late = `question,answer\n${'a,positive\n'.repeat(30)}b,negative\nb,positive\n`;
      await folder.write('labelled.csv', late);
      const input = inputOf(folder.path, { maxBadRows: 0.01 });
      await assert.rejects(preflighted(input), { name: 'DataError' });
      const { unread, counts } = await preflighted(input, { bytes: 60, ms: 60_000 });
      assert.deepEqual(unread, ['labelled.csv', 'unlabelled.csv']);
      assert.deepEqual(counts, { test: 1 });
    });
  });

  describe('as an activity', () => {
    it('heartbeats its progress', async () => {
      const environment = newEnvironment();
      const beats: Progress[] = [];
      environment.on('heartbeat', (details: Progress) => beats.push(details));
      const { ingest } = createIngest({ store, registry: builtIn });
      const result: Awaited<ReturnType<typeof ingest>> = await environment.run(
        ingest,
        inputOf(folder.path),
      );
      assert.deepEqual(Object.keys(result), ['dataset', 'counts'], 'what goes to the history');
      assert.deepEqual(result.counts, { labelled: 2, unlabelled: 3, test: 1 });
      assert.equal(beats[0]!.unit, 'kB');
    });

    it('fails for good on bad data, and on those that cannot be got at', async () => {
      const { ingest } = createIngest({ store, registry: builtIn });
      await folder.write('bad.csv', 'text\nnice\n');
      for (const [test, type, message] of [
        ['bad.csv', 'DataError', /bad\.csv has no column "question"/],
        ['nowhere.csv', 'DataUnavailable', /nowhere\.csv: there is no such file/],
      ] as const) {
        const input = inputOf(folder.path, { test });
        const ingesting = newEnvironment().run(ingest, input);
        await assert.rejects(ingesting, (error: ApplicationFailure) => {
          assert.ok(error instanceof ApplicationFailure);
          assert.match(error.message, message);
          return error.nonRetryable === true && error.type === type;
        });
      }
    });

    it('stops when cancelled, and leaves no table', async () => {
      const rows = Array.from({ length: 30_000 }, (_, index) => `question ${index}`);
      await folder.write('unlabelled.csv', `question\n${rows.join('\n')}\n`);
      const environment = newEnvironment();
      const cancelling = {
        datasets: store.datasets,
        dataset(id: string) {
          environment.cancel('CANCELLED'); // when it begins to write
          return store.dataset(id);
        },
      } as unknown as Store;
      const { ingest } = createIngest({ store: cancelling, registry: builtIn });
      // The SDK takes either as the activity's cancellation.
      await assert.rejects(environment.run(ingest, inputOf(folder.path)), {
        name: /^(AbortError|CancelledFailure)$/,
      });
      const { dataset, counts } = await ingestDataset(store, inputOf(folder.path));
      assert.equal(counts.unlabelled, 30_000);
      assert.equal((await tables(dataset)).length, 1);
    });
  });
});
