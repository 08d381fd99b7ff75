import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import type OpenAI from 'openai';
import type { Catalog } from '../../engine/catalog.ts';
import { BUILT_IN } from '../../engine/models.ts';
import { ModelPool } from '../../engine/pool.ts';
import { BASE_MODEL, mlxEnvironment, PYTHON_EXECUTABLE } from '../../engine/settings.ts';
import { Weights } from '../../engine/weights.ts';
import {
  BASE,
  jsonl,
  type RunningEngine,
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

describe('engine: weights of tuned models', () => {
  let running: RunningEngine;
  let client: OpenAI;
  let folder: string;
  let tuned: string;

  before(async () => {
    folder = await temporaryFolder();
    running = await start();
    client = running.client;
    const training_file = await upload(client, jsonl(trainingRows(8)));
    const { id } = await client.fineTuning.jobs.create({ model: BASE, seed: 1, training_file });
    tuned = (await waitForJob(client, id)).fine_tuned_model!;
  });
  after(async () => {
    await stop(running);
    await rm(folder, { recursive: true });
  });

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
  /** What models answer that are loaded by mlx-lm alone: a folder each, and that of an adapter. */
  async function withoutEngine(...models: [string, string | null][]): Promise<Answer[][]> {
    const script = path.join(import.meta.dirname, 'answers.py');
    const args = [script, JSON.stringify(models), JSON.stringify(chats)];
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
    const merged = await take(tuned, 'merged');
    for (const answers of await withoutEngine([BASE_MODEL.folder, adapter], [merged, null]))
      assertAlike(answers, expected);
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
    const { data: _, ...rest } = await list(tuned, 'adapter');
    const known = { base: BASE, template: {}, license: 'apache-2.0' };
    assert.deepEqual(rest, { object: 'list', ...known });
  });

  it("come with the licence that the card in their base's folder names", async () => {
    const { license: _, ...base } = { ...BUILT_IN, folder: await temporaryFolder() };
    const chatModel = () => ({ base, adapter: base.folder });
    const pool = new ModelPool(0, () => assert.fail('a model is loaded'));
    const weights = new Weights({ chatModel } as unknown as Catalog, pool);
    const card = path.join(base.folder, 'README.md');
    for (const [text, license] of [
      ['---\nlicense: mit\n---\n# A model\n', 'mit'],
      ['# A model\nlicense: mit\n', null],
      ['---\n: [\n---\n', null],
    ] as const) {
      await writeFile(card, text);
      const listed = await weights.list('any', 'adapter', AbortSignal.any([]));
      assert.deepEqual([listed.license, listed.files], [license, []]);
    }
    await rm(base.folder, { recursive: true });
  });

  it('are refused where there are none', async () => {
    await assert.rejects(list(BASE, 'adapter'), { status: 400, message: /is not tuned/ });
    await assert.rejects(list('nope', 'adapter'), { status: 404, code: 'model_not_found' });
    await assert.rejects(list(tuned, 'other'), { status: 400, message: /adapter, merged/ });
    for (const file of ['nope', '..%2Fjob.json', '%2e%2e%2fjob.json'])
      await assert.rejects(client.get(`${at(tuned, 'adapter')}/${file}`), { status: 404 });
  });
});
