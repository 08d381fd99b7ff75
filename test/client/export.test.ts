import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { exportModel } from '../../client/export.ts';
import type { RunHandle } from '../../client/runHandle.ts';
import { extendDataset } from '../../data/extendDataset.ts';
import { connectStore } from '../../store/store.ts';
import { writeTask } from '../support/stack.ts';
import { useBench, useTemporal } from '../support/suite.ts';

describe('an exported model', () => {
  const temporal = useTemporal();
  const bench = useBench('suite', {}, {}, temporal);
  let run: RunHandle;

  before(async () => {
    const { client, folder } = bench;
    await bench.startWorker();
    run = await client.start(await writeTask(folder, 'exported'), { folder });
    await run.result();
  });

  const modelOf = async (role: string): Promise<string> => {
    const { store } = bench.config;
    const models = connectStore({ uri: store.uri }).models;
    return (await models.list({ run: run.name })).find((one) => one.role === role)!.name;
  };
  const place = (name: string) => join(bench.folder, name);
  const uploads = async (): Promise<string[]> => {
    const { jobs, baseURL } = bench.provider;
    const files = jobs.all().map(({ training_file }) => training_file);
    return Promise.all(
      files.map(async (id) => (await fetch(`${baseURL}/files/${id}/content`)).text()),
    );
  };

  it('comes with the very file that it has learned from, and a card of its figures', async () => {
    const model = await modelOf('semievol');
    const to = place('semievol');
    const { rows, adapter, merged } = await run.export({ to, model });
    assert.deepEqual(await readdir(to), ['README.md', 'training.jsonl']);
    const content = await readFile(join(to, 'training.jsonl'), 'utf8');
    assert.ok((await uploads()).includes(content));
    const count = content.trimEnd().split('\n').length;
    assert.deepEqual(rows, { rows: count, isSame: true, withdrawn: 0 });
    for (const one of [adapter, merged])
      assert.match('lacking' in one ? one.lacking : '', /gives no weights of .* out/);

    const card = await readFile(join(to, 'README.md'), 'utf8');
    const [report] = (await run.reports()).rounds;
    const { got, of } = report!.metrics[0]!.values.semievol;
    assert.match(card, /^---\nbase_model: smollm2-135m-instruct\nlicense: unknown\n/);
    for (const words of [`${got}/${of}`, '20 labelled examples', 'No adapter/', 'training.jsonl'])
      assert.ok(card.includes(words), words);
  });

  it('is any that the run has made', async () => {
    for (const role of ['warm-up', 'sft-steps']) {
      const to = place(role);
      const { rows, model } = await run.export({ to, model: await modelOf(role) });
      assert.equal(model, await modelOf(role));
      assert.ok('rows' in rows && rows.isSame, role);
      assert.ok((await uploads()).includes(await readFile(join(to, 'training.jsonl'), 'utf8')));
    }
  });

  it('comes without what has been withdrawn since, and says so', async () => {
    const model = await modelOf('semievol');
    const whole = await readFile(join(place('semievol'), 'training.jsonl'), 'utf8');
    const store = connectStore(bench.config.store);
    const { dataset } = (await store.models.byName(model))!;
    const tables = await store.run(run.name, dataset);
    const [[selected]] = await firstOf(tables.scanSelected(1));
    const gone = [
      ...(await store.dataset(dataset).at('labelled', [0])),
      ...(await store.dataset(dataset).at('unlabelled', [selected!.ordinal])),
    ];
    const file = join(bench.folder, 'gone.jsonl');
    await writeFile(file, gone.map(({ question }) => `${JSON.stringify({ question })}\n`).join(''));
    const { data, task } = (await store.specs.find(run.name))!;
    const arrival = { withdrawn: [file] };
    const later = await extendDataset(store, { dataset, run: run.name, arrival, data, task });
    const to = place('withdrawn');
    const version = { run: run.name, dataset: later.dataset };
    const { rows } = await exportModel(bench.config, version, { to, model });
    const lines = whole.trimEnd().split('\n');
    const kept = lines.filter((line) => !gone.some(({ question }) => line.includes(question)));
    assert.deepEqual(rows, { rows: kept.length, isSame: false, withdrawn: 2 });
    assert.ok(kept.length < lines.length);
    assert.equal(await readFile(join(to, 'training.jsonl'), 'utf8'), `${kept.join('\n')}\n`);
    assert.match(await readFile(join(to, 'README.md'), 'utf8'), /without 2 examples/);
    store.close();
  });

  it('is refused where it is not there, or where something would be lost', async () => {
    const model = await modelOf('semievol');
    const to = place('refused');
    await assert.rejects(run.export({ to, model: 'nope' }), {
      name: 'ExportFailed',
      message: new RegExp(`no run has made a model "nope"; .*${model}`),
    });
    await assert.rejects(readdir(to), { code: 'ENOENT' });
    await mkdir(to);
    await writeFile(join(to, 'mine.txt'), 'kept');
    await assert.rejects(run.export({ to, model }), /refused is not empty: name another folder/);
    assert.equal(await readFile(join(to, 'mine.txt'), 'utf8'), 'kept');
    await assert.rejects(
      run.export({ to: join(to, 'mine.txt'), model }),
      /cannot be made \(ENOTDIR\)/,
    );
    assert.deepEqual(
      (await readdir(bench.folder)).filter((name) => name.endsWith('.partial')),
      [],
    );
  });
});

/** The first batch of several. */
async function firstOf<T>(batches: AsyncIterable<T>): Promise<[T]> {
  for await (const batch of batches) return [batch];
  throw new Error('there is none');
}
