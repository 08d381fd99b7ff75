import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { before, describe, it } from 'mocha';
import OpenAI from 'openai';
import { parse } from 'yaml';
import { readRunSpec } from '../../cli/specFile.ts';
import { defineConfig } from '../../config/config.ts';
import { BASE_MODEL, mlxEnvironment, PYTHON_EXECUTABLE } from '../../engine/settings.ts';
import { ensureEngine } from '../../engine/setup.ts';
import { Endpoint } from '../../providers/endpoint.ts';
import { flawOf } from '../../providers/trainers/command/adapter.ts';
import { identityOf } from '../../providers/trainers/command/identity.ts';
import { Trainers } from '../../providers/trainers/index.ts';
import type { Provider } from '../../testing/provider.ts';
import type { fineTune } from '../../workflows/fineTune.ts';
import { trainingRows } from '../engine/support.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { portForLater } from '../support/port.ts';
import { Bench } from '../support/stack.ts';
import { use, useFolder, useProvider, useTemporal } from '../support/suite.ts';
import { untilGone } from '../support/untilGone.ts';
import { MlxServer } from '../support/vllm/mlx.ts';
import { Vllm } from '../support/vllm/vllm.ts';
import { fineTuneInput, writeTrainingFile } from '../workflows/support.ts';

const NAME = 'colours';
const ROUND = 'by-command';
const GPU_QUEUE = 'the-gpu';
const BASE = { name: 'smollm2-135m-instruct', path: BASE_MODEL.folder };

/** Whether an attempt has saved its checkpoint of a step, to the last byte. */
async function isWhole(attempt: string, step: number): Promise<boolean> {
  const name = `${String(step).padStart(7, '0')}_adapters.safetensors`;
  return (await flawOf(join(attempt, 'output', name))) === undefined;
}

/** A front as vLLM has it, with a real mlx_lm.server behind it; both can be killed. */
class Serving {
  readonly port: number;
  front!: Vllm;
  mlx!: MlxServer;

  static async start(): Promise<Serving> {
    await ensureEngine();
    const serving = new Serving(await portForLater());
    await serving.start();
    return serving;
  }

  private constructor(port: number) {
    this.port = port;
  }

  async start(): Promise<void> {
    this.mlx = await MlxServer.start(await portForLater());
    this.front = await Vllm.start({ base: BASE, answer: this.mlx.answer, port: this.port });
  }

  async close(): Promise<void> {
    await this.front.close();
    await this.mlx.kill();
  }
}

describe('mlx_lm.lora as the command of a trainer', function () {
  this.timeout(600_000);
  const temporal = useTemporal();
  const state = useFolder('suite');
  const serving = use('suite', Serving.start, (opened) => opened.close());
  const provider = useProvider('suite');
  const bench = use('suite', open, (opened) => opened.close());

  async function open(): Promise<Bench> {
    const place = { baseURL: serving.front.baseURL, close: async () => {} } as Provider;
    const opened = await Bench.open(temporal, place, { pollSeconds: 0.2 });
    const { config } = opened;
    const trainer = {
      ...{ type: 'command', tool: 'mlx-lm', taskQueue: GPU_QUEUE, folder: state.path },
      command: [PYTHON_EXECUTABLE, '-m', 'mlx_lm', 'lora', '--config', '{{config}}'],
      values: { rank: 4, layers: 2, learningRate: 1e-3, maxTokens: 128, saveSteps: 2 },
      models: { [BASE.name]: BASE.path },
      env: mlxEnvironment(),
      serving: { type: 'vllm', load: 'call' },
    };
    const local = { ...config.endpoints.local!, trainer };
    const embeddings = { baseURL: provider.baseURL };
    Object.assign(config, defineConfig({ ...config, endpoints: { local, embeddings } }));
    return opened;
  }

  /** A worker on the machine that trains, as a process of its own. */
  const startGpuWorker = () => {
    const config = {
      ...bench.config,
      temporal: { ...bench.config.temporal, taskQueue: GPU_QUEUE },
    };
    return bench.startProcess({ config });
  };

  before(() => bench.startWorker());

  it('goes on though its worker, its command and what serves its model are killed', async () => {
    const worker = await startGpuWorker();
    const path = await writeTrainingFile(bench, NAME, trainingRows(8));
    const training = { epochs: 3, batchSize: 2 };
    const handle = await temporal.client.workflow.start<typeof fineTune>('fineTune', {
      ...{ workflowId: NAME, taskQueue: bench.config.temporal.taskQueue },
      args: [{ ...fineTuneInput(NAME, path), training }],
    });

    await lookUntil(async () => isWhole(await attempt(1), 4), Boolean);
    const [ofFirst] = await commandsIn(await attempt(1));
    await worker.kill();
    await untilGone(ofFirst!);

    await startGpuWorker();
    await lookUntil(async () => isWhole(await attempt(2), 2), Boolean);
    const [ofSecond] = await commandsIn(await attempt(2));
    process.kill(ofSecond!, 'SIGKILL');

    const { model, rows } = await handle.result();
    assert.equal(rows, 8);
    const [second, third] = [await configOf(2), await configOf(3)];
    const [fromFirst, fromSecond] = [doneBy(second), doneBy(third)];
    assert.ok(fromFirst >= 4 && fromSecond >= 2, `${fromFirst}, ${fromSecond}`);
    assert.equal(second.iters, 12 - fromFirst);
    assert.equal(third.iters, 12 - fromFirst - fromSecond);
    assert.equal(await identityOf(ofSecond!), undefined);

    await untilServed(model);
    await serving.close();
    await serving.start();
    await untilServed(model);
    const { deployments } = trainer();
    assert.equal(await deployments!.undeploy(orderOf(model)), true);
    assert.deepEqual(serving.front.loaded, []);
    await untilMerged(model);
  });

  it('goes through a whole round, whose warm-up is broken off', async () => {
    await startGpuWorker();
    const folder = resolve(import.meta.dirname, '../../examples/daily/passages');
    const spec = {
      ...(await readRunSpec(`${folder}.yaml`)),
      name: ROUND,
      // Small steps, and enough of them for the command to be found at work after its first checkpoint.
      training: { epochs: 3, batchSize: 1 },
      ...{ resolution: 'vote' as const, maxTokens: 8 },
      embedding: { endpoint: 'embeddings', name: 'all-minilm-l6-v2' },
      collaborators: [
        { name: 'plain', shots: 0 },
        { name: 'near', shots: 1 },
      ],
    };
    const data = { ...spec.data, limits: { labelled: 4, unlabelled: 3, test: 2 } };
    const run = await bench.client.start({ ...spec, data }, { folder });
    const warmUp = () => jobFolder('r1-warm-up');
    await lookUntil(async () => isWhole(join(await warmUp(), '1'), 2), Boolean);
    const [command] = await commandsIn(join(await warmUp(), '1'));
    process.kill(command!, 'SIGKILL');
    await run.result();
    assert.ok(existsSync(join(await warmUp(), '2')));
    const [report] = (await run.reports()).rounds;
    const { semievol } = report!.metrics[0]!.values;
    assert.equal(semievol.of, 2);
    assert.equal(report!.usage.find(({ phase }) => phase === 'warm-up')!.requests, 1);
    // Whoever hosts them has taken them down.
    await lookUntil(() => serving.front.loaded.length === 0, Boolean);
    const loads = serving.front.calls.filter(
      ({ path, status }) => path === 'load' && status === 200,
    );
    assert.ok(loads.length >= 3, JSON.stringify(serving.front.calls));
  });

  /** Puts the model up at mlx_lm.server, which takes no adapters by name, and takes it down. */
  async function untilMerged(model: string): Promise<void> {
    const local = bench.config.endpoints.local!;
    const fuse = [PYTHON_EXECUTABLE, '-m', 'mlx_lm', 'fuse'];
    const trainer = { ...local.trainer, serving: { type: 'mlx-lm', fuse } };
    const merging = new Trainers().of(new Endpoint('local', { ...local, trainer }));
    const { deployments } = merging;
    const [deployed, again] = [
      await deployments!.deploy(orderOf(model)),
      await deployments!.deploy(orderOf(model)),
    ];
    assert.deepEqual([deployed.state, again], ['ready', deployed]);
    const messages = trainingRows(1)[0]!.messages.slice(0, -1);
    assert.match(await serving.mlx.says(deployed.servedAs, messages), /blue|green/);
    assert.equal(await deployments!.undeploy(orderOf(model)), true);
    assert.equal((await deployments!.poll(model, orderOf(model))).state, 'gone');
    const into = await mkdtemp(join(bench.folder, 'merged-'));
    const wanted = {
      model: { name: model, base: BASE.name, jobId: 'any' },
      form: 'merged',
    } as const;
    const weights = await merging.weights!(wanted, into);
    assert.ok('files' in weights && weights.files.includes('model.safetensors'));
  }

  const trainer = () => new Trainers().of(new Endpoint('local', bench.config.endpoints.local!));
  const orderOf = (model: string) => ({ model, base: BASE.name, name: NAME });

  /** Puts the model up where it is not, and asks it what it has learned. */
  async function untilServed(model: string): Promise<void> {
    const { deployments } = trainer();
    assert.equal((await deployments!.poll(model, orderOf(model))).state, 'gone');
    const { state, servedAs } = await deployments!.deploy(orderOf(model));
    assert.deepEqual([state, servedAs], ['ready', model]);
    const client = new OpenAI({ baseURL: serving.front.baseURL, apiKey: 'none' });
    const messages = trainingRows(1)[0]!.messages.slice(0, -1) as {
      role: 'user';
      content: string;
    }[];
    const said = await client.chat.completions.create({ model, messages, max_tokens: 2 });
    assert.match(said.choices[0]!.message.content!, /blue|green/);
  }

  /** Folder of an attempt at the fine-tune's job. */
  async function attempt(number: number): Promise<string> {
    return join(await jobFolder('mine'), String(number));
  }

  /** Folder of the only job whose name begins so; it need not be there yet. */
  async function jobFolder(beginning: string): Promise<string> {
    const jobs = join(state.path, 'jobs');
    const names = existsSync(jobs) ? await readdir(jobs) : [];
    const [name = 'none', ...others] = names.filter((name) => name.startsWith(beginning));
    assert.deepEqual(others, []);
    return join(jobs, name, '1');
  }

  async function configOf(number: number): Promise<{ iters: number; resume_adapter_file: string }> {
    return parse(await readFile(join(await attempt(number), 'config.yaml'), 'utf8'));
  }

  /** What the keeper of an attempt runs. */
  async function commandsIn(folder: string): Promise<number[]> {
    const { pid } = JSON.parse(await readFile(join(folder, 'keeper.json'), 'utf8'));
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    return children.split(' ').filter(Boolean).map(Number);
  }
});

/** Steps that an attempt was told were done by the one before. */
const doneBy = ({ resume_adapter_file }: { resume_adapter_file: string }) =>
  Number.parseInt(basename(resume_adapter_file), 10);
