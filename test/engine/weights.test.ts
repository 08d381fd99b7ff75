import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import type OpenAI from 'openai';
import { engineConfig } from '../../engine/config.ts';
import { BASE_MODEL, mlxEnvironment, PYTHON_EXECUTABLE } from '../../engine/settings.ts';
import {
  BASE,
  jsonl,
  type RunningEngine,
  smallModel,
  start,
  stop,
  temporaryFolder,
  trainingRows,
  upload,
  waitForJob,
} from './support.ts';

interface Answer {
  text: string;
  logprobs: number[];
}

const chats = trainingRows(4).map(({ messages }) => messages.slice(0, 2));

describe('engine: weights of tuned models', function () {
  this.timeout(60_000);
  let running: RunningEngine;
  let client: OpenAI;
  let folder: string;
  let tuned: string;

  before(async function () {
    this.timeout(180_000);
    folder = await temporaryFolder();
    const own = path.join(folder, 'qwen3');
    await smallModel(own);
    await writeFile(path.join(own, 'README.md'), '---\nlicense: mit\n---\n# A model\n');
    const models = { own: { folder: own, template: { enable_thinking: false } } };
    running = await start(undefined, engineConfig.parse({ models }));
    client = running.client;
    tuned = await train(BASE);
  });
  after(async () => {
    await stop(running);
    await rm(folder, { recursive: true });
  });

  async function train(model: string): Promise<string> {
    const training_file = await upload(client, jsonl(trainingRows(8)));
    const { id } = await client.fineTuning.jobs.create({ model, seed: 1, training_file });
    return (await waitForJob(client, id)).fine_tuned_model!;
  }
  const at = (model: string, form: string) =>
    `/models/${encodeURIComponent(model)}/weights/${form}`;
  const list = (model: string, form: string): Promise<{ data: { id: string; bytes: number }[] }> =>
    client.get(at(model, form));

  /** Takes all files of a form into a folder. */
  async function take(model: string, form: string): Promise<string> {
    const into = path.join(folder, form);
    await mkdir(into);
    for (const { id, bytes } of (await list(model, form)).data) {
      const response = await fetch(`${running.engine.url}${at(model, form)}/${id}`);
      const content = Buffer.from(await response.arrayBuffer());
      assert.equal(content.length, bytes);
      await writeFile(path.join(into, id), content);
    }
    return into;
  }
  async function withoutEngine(model: string, adapter = ''): Promise<Answer[]> {
    const script = path.join(import.meta.dirname, 'answers.py');
    const args = [script, model, adapter, JSON.stringify(chats)];
    const { stdout } = await execa(PYTHON_EXECUTABLE, args, { env: mlxEnvironment() });
    return stdout.split('\n').map((line) => JSON.parse(line));
  }
  async function ofEngine(model: string): Promise<Answer[]> {
    const each = chats.map(async (messages): Promise<Answer> => {
      const asked = { model, messages, temperature: 0, max_tokens: 4, logprobs: true } as const;
      const { message, logprobs } = (await client.chat.completions.create(asked)).choices[0]!;
      return {
        text: message.content!,
        logprobs: logprobs!.content!.map(({ logprob }) => logprob),
      };
    });
    return Promise.all(each);
  }
  function assertAlike(some: Answer[], others: Answer[]): void {
    assert.deepEqual(
      some.map(({ text }) => text),
      others.map(({ text }) => text),
    );
    for (const [i, { logprobs }] of some.entries())
      for (const [t, logprob] of logprobs.entries())
        assert.ok(Math.abs(logprob - others[i]!.logprobs[t]!) < 1e-2, `answer ${i}, token ${t}`);
  }

  it('answer elsewhere as they do here, as an adapter and merged', async () => {
    const expected = await ofEngine(tuned);
    for (const { text } of expected) assert.match(text, /^(blue|green)$/);
    const adapter = await take(tuned, 'adapter');
    assert.deepEqual(await readdir(adapter), ['adapter_config.json', 'adapters.safetensors']);
    assertAlike(await withoutEngine(BASE_MODEL.folder, adapter), expected);
    assertAlike(await withoutEngine(await take(tuned, 'merged')), expected);
  });

  it('are kept merged until they are dropped', async () => {
    const [job] = (await client.fineTuning.jobs.list()).data;
    const merged = path.join(running.stateFolder, 'jobs', job!.id, 'adapter-merged');
    const both = await Promise.all([list(tuned, 'merged'), list(tuned, 'merged')]);
    assert.deepEqual(both[0], both[1]);
    assert.ok(existsSync(merged));
    const drop = () => client.delete<{ deleted: boolean }>(at(tuned, 'merged'));
    assert.equal((await drop()).deleted, true);
    assert.ok(!existsSync(merged));
    assert.equal((await drop()).deleted, false);
    assert.match((await ofEngine(tuned))[1]!.text, /^(blue|green)$/);
  });

  it('come with what is known of their base', async () => {
    const about = async (model: string) => {
      const { data: _, ...rest } = await list(model, 'adapter');
      return rest;
    };
    assert.deepEqual(await about(tuned), {
      ...{ object: 'list', base: BASE, template: {}, license: 'apache-2.0' },
    });
    assert.deepEqual(await about(await train('own')), {
      ...{ object: 'list', base: 'own', template: { enable_thinking: false }, license: 'mit' },
    });
  });

  it('are refused where there are none', async () => {
    await assert.rejects(list(BASE, 'adapter'), { status: 400, message: /is not tuned/ });
    await assert.rejects(list('nope', 'adapter'), { status: 404, code: 'model_not_found' });
    await assert.rejects(list(tuned, 'other'), { status: 400, message: /adapter, merged/ });
    for (const file of ['nope', '..%2Fjob.json', '%2e%2e%2fjob.json'])
      await assert.rejects(client.get(`${at(tuned, 'adapter')}/${file}`), { status: 404 });
  });
});
