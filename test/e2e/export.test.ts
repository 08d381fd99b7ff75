import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, it } from 'mocha';
import { exportModel } from '../../client/export.ts';
import { defineConfig } from '../../config/config.ts';
import { builtIn } from '../../core/registry.ts';
import { linesOfRows, trainingRows, writeLines } from '../../data/trainingRows.ts';
import { mlxEnvironment, PYTHON_EXECUTABLE } from '../../engine/settings.ts';
import { BASE, start, stop, upload, waitForJob } from '../engine/support.ts';
import { example, writeDataset } from '../store/support.ts';
import { use, useFolder, useStore } from '../support/suite.ts';

const RUN = 'colours';
const DATASET = 'things';
const ref = { run: RUN, round: 1, dataset: DATASET };

/** A model that the real engine has tuned, in a folder by itself. */
describe('an exported model of the engine', function () {
  this.timeout(600_000);
  const store = useStore();
  const folder = useFolder('suite');
  const running = use('suite', () => start(), stop);

  it('is asked by the code of its card, and answers as it does in the engine', async () => {
    const { client, engine } = running;
    const spec = builtIn.runSpec.parse({
      name: RUN,
      task: { type: 'classification', labels: ['green', 'blue'] },
      data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
    });
    await store.specs.add(RUN, spec);
    const things = Array.from({ length: 8 }, (_, i) =>
      example('labelled', i, { question: `Thing ${i}`, answer: i % 2 ? 'blue' : 'green' }),
    );
    const dataset = await writeDataset(store, DATASET, things);
    const rows = { from: 'labelled', ref, times: 1 } as const;
    const tables = await store.run(RUN, DATASET);
    const sources = { spec, task: builtIn.task(spec.task), dataset, tables };
    const file = join(folder.path, 'rows.jsonl');
    const { sha256, count } = await writeLines(file, linesOfRows(trainingRows(sources, rows)));
    const content = await readFile(file, 'utf8');
    const training_file = await upload(client, content);
    const { id } = await client.fineTuning.jobs.create({ model: BASE, seed: 1, training_file });
    const name = (await waitForJob(client, id)).fine_tuned_model!;
    await store.models.addRows(name, rows);
    await store.models.add({
      ...{ ...ref, name, role: 'warm-up', endpoint: 'local', base: BASE },
      ...{ trainingFileSha256: sha256, trainingRows: count, jobKey: 'key', jobId: id },
      createdAt: new Date().toISOString(),
    });

    const to = join(folder.path, 'exported');
    const config = defineConfig({
      store: { uri: store.uri },
      endpoints: { local: { baseURL: engine.url } },
    });
    const version = { run: RUN, dataset: DATASET };
    const exported = await exportModel(config, version, { to, model: name });
    assert.deepEqual(exported.rows, { rows: 8, isSame: true, withdrawn: 0 });
    assert.equal(await readFile(join(to, 'training.jsonl'), 'utf8'), content);
    assert.deepEqual('files' in exported.adapter && exported.adapter.files, [
      ...['adapter_config.json', 'adapters.safetensors'],
    ]);

    const card = await readFile(join(to, 'README.md'), 'utf8');
    assert.match(card, /^---\nbase_model: smollm2-135m-instruct\nlicense: apache-2.0\n/);
    const [, code] = /```python\n([\s\S]*?)```/.exec(card)!;
    const options = { cwd: to, env: mlxEnvironment() };
    const { stdout } = await execa(PYTHON_EXECUTABLE, ['-c', code!], options);
    const { messages } = JSON.parse(content.split('\n')[0]!);
    const asked = { model: name, messages: messages.slice(0, -1), temperature: 0, max_tokens: 256 };
    const { choices } = await client.chat.completions.create(asked);
    assert.equal(stdout.trim(), choices[0]!.message.content);
    assert.match(stdout, /green|blue/);
  });
});
