import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import type OpenAI from 'openai';
import { type EngineConfig, engineConfig } from '../../engine/config.ts';
import { startEngine } from '../../engine/gateway.ts';
import { BASE_MODEL, mlxEnvironment, PYTHON_EXECUTABLE } from '../../engine/settings.ts';
import { ensureEngine } from '../../engine/setup.ts';
import { lookUntil } from '../support/lookUntil.ts';
import {
  BASE,
  jsonl,
  losses,
  type RunningEngine,
  smallModel,
  start,
  stop,
  temporaryFolder,
  trainingRows,
  upload,
  waitForJob,
} from './support.ts';

/** The small ones weigh 13 to 26 MB; the quantised SmolLM2 and the built-in one 538 MB each, in float32. */
const MEMORY_GB = 0.6;

const question = (content: string): OpenAI.ChatCompletionMessageParam[] => [
  { role: 'system', content: 'You answer questions about the world in few words.' },
  { role: 'user', content },
];

const supervised = (hyperparameters: object) => ({
  type: 'supervised' as const,
  supervised: { hyperparameters },
});

/** Makes SmolLM2 in 4 bits, as people convert models for mlx. */
const quantise = async (folder: string): Promise<void> => {
  const args = ['-m', 'mlx_lm', 'convert', '--hf-path', BASE_MODEL.folder, '--mlx-path', folder];
  await execa(PYTHON_EXECUTABLE, [...args, '--quantize'], { env: mlxEnvironment() });
};

describe("engine: models of one's own", () => {
  let folder: string;
  let qwen: string;
  let running: RunningEngine;
  let client: OpenAI;
  const cache = process.env.HF_HUB_CACHE;

  before(async () => {
    await ensureEngine();
    folder = await temporaryFolder();
    const smol = path.join(folder, 'smol-4bit');
    const [gemma, mamba] = [path.join(folder, 'gemma3_text'), path.join(folder, 'mamba')];
    qwen = path.join(folder, 'qwen3');
    await Promise.all([smallModel(qwen), smallModel(gemma), smallModel(mamba), quantise(smol)]);
    const hub = path.join(folder, 'hub');
    const repository = path.join(hub, 'models--own--qwen');
    await mkdir(path.join(repository, 'snapshots'), { recursive: true });
    await mkdir(path.join(repository, 'refs'));
    await symlink(qwen, path.join(repository, 'snapshots', 'abc'));
    await writeFile(path.join(repository, 'refs', 'main'), 'abc');
    process.env.HF_HUB_CACHE = hub;
    const config = engineConfig.parse({
      memoryGB: MEMORY_GB,
      models: {
        'own/qwen': { repository: 'own/qwen', rank: 4, learningRate: 0.01, schedule: 'linear' },
        gemma: { folder: gemma },
        mamba: { folder: mamba },
        'smol-4bit': { folder: smol, layers: 4, learningRate: 1e-3 },
      },
    });
    running = await start(undefined, config);
    client = running.client;
  });
  after(async () => {
    if (cache === undefined) delete process.env.HF_HUB_CACHE;
    else process.env.HF_HUB_CACHE = cache;
    await stop(running);
    await rm(folder, { recursive: true });
  });

  const create = async (model: string, hyperparameters: object, rows = trainingRows(8)) =>
    client.fineTuning.jobs.create({
      model,
      seed: 1,
      training_file: await upload(client, jsonl(rows)),
      method: supervised(hyperparameters),
    });

  const greedy = async (model: string, content: string) => {
    const { choices } = await client.chat.completions.create({
      model,
      messages: question(content),
      temperature: 0,
      max_tokens: 6,
      logprobs: true,
      top_logprobs: 2,
    });
    return choices[0]!;
  };

  /** Processes that hold a model's weights. */
  const served = async (): Promise<number> => {
    const { stdout } = await execa('ps', ['-A', '-o', 'ppid=,args=']);
    return stdout
      .split('\n')
      .filter((line) => Number(line.trim().split(' ')[0]) === process.pid)
      .filter((line) => line.includes('serve.py')).length;
  };

  it('are listed beside the built-in one', async () => {
    const ids = (await client.models.list()).data.map(({ id }) => id);
    assert.deepEqual(ids, [BASE, 'own/qwen', 'gemma', 'mamba', 'smol-4bit', 'all-minilm-l6-v2']);
    assert.equal((await client.models.retrieve('own/qwen')).id, 'own/qwen');
  });

  for (const [model, architecture] of [
    ['own/qwen', 'Qwen'],
    ['gemma', 'Gemma, with windows of attention'],
    ['mamba', 'Mamba, without attention'],
  ] as const)
    it(`answer together as they answer alone: ${architecture}`, async () => {
      const questions = ['Why?', 'What is the capital of France, and of Italy?', 'Count to three.'];
      const alone: Awaited<ReturnType<typeof greedy>>[] = [];
      for (const one of questions) alone.push(await greedy(model, one));
      const together = await Promise.all(questions.map((one) => greedy(model, one)));
      for (const [i, { message, logprobs }] of alone.entries()) {
        assert.equal(together[i]!.message.content, message.content);
        assert.equal(logprobs!.content!.length, 6);
        for (const [t, token] of logprobs!.content!.entries()) {
          assert.equal(token.top_logprobs.length, 2);
          assert.ok(Math.abs(token.top_logprobs[0]!.logprob - token.logprob) < 1e-6);
          const other = together[i]!.logprobs!.content![t]!;
          assert.ok(Math.abs(other.logprob - token.logprob) < 1e-3);
        }
      }
    });

  it('sample n answers that follow from the seed', async () => {
    const texts = async (seed: number) => {
      const { choices, usage } = await client.chat.completions.create({
        model: 'own/qwen',
        messages: question('Tell a story.'),
        n: 3,
        seed,
        max_tokens: 8,
      });
      assert.equal(usage!.completion_tokens, 24);
      return choices.map(({ message }) => message.content);
    };
    const first = await texts(7);
    assert.equal(new Set(first).size, 3);
    assert.deepEqual(await texts(7), first);
    assert.notDeepEqual(await texts(8), first);
  });

  it('are fine-tuned, answer beside their base, and are gone on from', async () => {
    const before = await greedy('own/qwen', 'Thing 3');
    const job = await waitForJob(client, (await create('own/qwen', { n_epochs: 4 })).id);
    assert.equal(job.status, 'succeeded', job.error?.message);
    const tuned = job.fine_tuned_model!;
    assert.match(tuned, /^ft:own\/qwen:semievol:\w+$/);
    const reported = await losses(client, job.id);
    assert.ok(reported.at(-1)! < reported[0]! - 2, reported.join());
    const [own, base] = await Promise.all(
      [tuned, 'own/qwen'].map((model) => greedy(model, 'Thing 3')),
    );
    assert.deepEqual(base!.logprobs, before.logprobs);
    assert.notDeepEqual(own!.message.content, base!.message.content);

    const next = await waitForJob(client, (await create(tuned, { n_epochs: 1 })).id);
    assert.equal(next.status, 'succeeded', next.error?.message);
    assert.ok((await losses(client, next.id))[0]! < reported[0]! - 2);
  });

  it('take turns in memory where there is no room for all', async () => {
    const answers = await Promise.all(
      [BASE, 'smol-4bit', 'own/qwen', BASE, 'smol-4bit'].map((model) =>
        greedy(model, 'What is the capital of France?'),
      ),
    );
    assert.deepEqual(answers[0]!.logprobs, answers[3]!.logprobs);
    assert.deepEqual(answers[1]!.logprobs, answers[4]!.logprobs);
    for (const i of [0, 1]) assert.match(answers[i]!.message.content!, /Paris/);
    assert.notDeepEqual(answers[0]!.logprobs, answers[1]!.logprobs);
    assert.equal(await served(), 2);
  });

  it('are refused as long as a training takes the room, and say so', async () => {
    const { id } = await create('smol-4bit', { n_epochs: 50 });
    await waitForJob(client, id, ({ status }) => status === 'running');
    await lookUntil(
      () => losses(client, id),
      ({ length }) => length > 0,
    );
    await assert.rejects(greedy(BASE, 'Hello?'), {
      status: 429,
      code: 'no_room',
      message: /beside the training of 'smol-4bit' .* raise engine\.memoryGB/,
    });
    await greedy('own/qwen', 'Hello?'); // for which there is
    await client.fineTuning.jobs.cancel(id);
    const answered = () =>
      greedy(BASE, 'Hello?').then(
        () => true,
        () => false,
      );
    await lookUntil(answered, Boolean);
  });

  it('are refused at the start when they are none, each with its reason', async () => {
    const broken = path.join(folder, 'broken');
    await cp(qwen, broken, { recursive: true });
    await truncate(path.join(broken, 'model.safetensors'), 1_000_000);
    const silent = path.join(folder, 'silent');
    await cp(qwen, silent, { recursive: true });
    await unlink(path.join(silent, 'chat_template.jinja'));
    const tokenizer = path.join(silent, 'tokenizer_config.json');
    const { chat_template, ...rest } = JSON.parse(await readFile(tokenizer, 'utf8'));
    await writeFile(tokenizer, JSON.stringify(rest));
    const strange = path.join(folder, 'strange');
    await cp(qwen, strange, { recursive: true });
    await writeFile(path.join(strange, 'config.json'), '{"model_type": "unheard_of"}');
    const models = {
      nowhere: { folder: path.join(folder, 'nowhere') },
      empty: { folder: path.join(folder, 'hub') },
      broken: { folder: broken },
      silent: { folder: silent },
      strange: { folder: strange },
      away: { repository: 'own/away' },
      large: { folder: path.join(folder, 'smol-4bit') },
      fine: { folder: qwen },
    };
    const config = engineConfig.parse({ memoryGB: 0.5, models });
    const { stateFolder } = running;
    await assert.rejects(
      startEngine({ port: 0, stateFolder, config }),
      ({ name, message }: Error) => {
        assert.equal(name, 'ModelsRefused');
        const lines = message.split('\n');
        assert.equal(lines.length, 8);
        for (const [i, pattern] of [
          /nowhere: .* is no folder/,
          /empty: .* holds no config\.json/,
          /broken: .* cannot be loaded .*incomplete download/,
          /silent: .* has no chat template/,
          /strange: .* cannot be loaded .*unheard_of not supported/,
          /away: own\/away is not.* in the local Hugging Face cache: fetch it by 'hf download own\/away'/,
          /large: its weights take 0\.54 GB, and engine\.memoryGB leaves 0\.50 GB/,
        ].entries())
          assert.match(lines[i + 1]!, pattern);
        return true;
      },
    );
  });

  it('are missed by their tuned models when they are gone', async () => {
    const tuned = (await client.models.list()).data.find(({ id }) => id.startsWith('ft:own/qwen'))!;
    const restart = async (config?: EngineConfig) => {
      await running.engine.close();
      running = await start(running.stateFolder, config);
      client = running.client;
    };
    await restart();
    await assert.rejects(greedy(tuned.id, 'Hello?'), {
      status: 404,
      message: /without its base 'own\/qwen': add that to engine\.models/,
    });
    assert.ok(!(await client.models.list()).data.some(({ id }) => id === tuned.id));

    for (const other of [path.join(folder, 'mamba'), BASE_MODEL.folder]) {
      await restart(engineConfig.parse({ models: { 'own/qwen': { folder: other } } }));
      await assert.rejects(greedy(tuned.id, 'Hello?'), {
        status: 400,
        code: 'adapter_unfit',
        message: /tuned on another base of this name/,
      });
      await greedy('own/qwen', 'Hello?');
    }
  });
});
