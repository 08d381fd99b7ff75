import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { after, before, describe, it } from 'mocha';
import type { Activities } from '../../activities/index.ts';
import type { Config } from '../../workers/config.ts';
import { SemiEvolPlugin, workflowsPath } from '../../workers/plugin.ts';
import { type Provider, startProvider } from '../support/provider/provider.ts';
import { failedFor, startTemporal, testConfig, writeTask } from '../support/stack.ts';

const ownWorkflows = fileURLToPath(new URL('./own/workflows.ts', import.meta.url));
const activities = { greet: async (name: string) => `Good day, ${name}.` };

describe('the plugin', function () {
  this.timeout(60_000);
  let temporal: TestWorkflowEnvironment;
  let provider: Provider;
  let folder: string;
  let config: Config;

  before(async () => {
    temporal = await startTemporal();
    provider = await startProvider();
    folder = await mkdtemp(join(tmpdir(), 'semievol-plugin-'));
    config = testConfig(folder, provider.baseURL);
  });
  after(async () => {
    await temporal?.teardown();
    await provider?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function createWorker(taskQueue: string, options: Partial<WorkerOptions> = {}) {
    return Worker.create({
      connection: temporal.nativeConnection,
      taskQueue,
      plugins: [await SemiEvolPlugin.connect(config)],
      ...options,
    });
  }
  const execute = <T>(type: string, taskQueue: string, ...args: unknown[]): Promise<T> =>
    temporal.client.workflow.execute(type, { taskQueue, args, workflowId: `${taskQueue}-${type}` });

  /** A run that ends as soon as our first activity has asked the provider for its models. */
  async function evolveWithoutModel(taskQueue: string): Promise<void> {
    const spec = await writeTask(folder, taskQueue, undefined, {
      model: { name: 'no-such-model' },
    });
    await assert.rejects(
      execute('evolve', taskQueue, { run: spec.name, spec }),
      failedFor('ModelNotFound'),
    );
  }

  it("runs ours beside a user's own workflows and activities", async () => {
    const worker = await createWorker('own', { activities, workflowsPath: ownWorkflows });
    await worker.runUntil(async () => {
      assert.equal(await execute('greeting', 'own', 'Ada'), 'Good day, Ada.');
      await evolveWithoutModel('own');
    });
  });

  it('brings our workflows where the worker names none', async () => {
    const worker = await createWorker('ours', { activities });
    assert.equal(worker.options.workflowsPath, workflowsPath);
    await worker.runUntil(() => evolveWithoutModel('ours'));
  });

  it('closes the store when the worker has stopped', async () => {
    const plugin = await SemiEvolPlugin.connect(config);
    const { select } = plugin.configureWorker({ taskQueue: 'closing' }).activities as Activities;
    const options = { activities, workflowsPath: ownWorkflows, plugins: [plugin] };
    const worker = await createWorker('closing', options);
    const read = () => select({ run: 'none', round: 1, dataset: 'none' });
    await worker.runUntil(async () => {
      await execute('greeting', 'closing', 'Ada');
      await assert.rejects(read(), /no spec of run "none"/);
    });
    await assert.rejects(read(), /closed/i);
  });

  describe('tunes a worker', () => {
    let plugin: SemiEvolPlugin;
    before(async () => {
      plugin = await SemiEvolPlugin.connect(config);
    });
    const configured = (options: Partial<WorkerOptions>) =>
      plugin.configureWorker({ taskQueue: 'tuned', ...options });

    it('as the configuration says', () => {
      const options = configured({});
      assert.equal(options.maxConcurrentActivityTaskExecutions, 20);
      assert.equal(options.workerDeploymentOptions, undefined);
    });

    it('unless the user says otherwise', () => {
      const own = { maxConcurrentActivityTaskExecutions: 3, shutdownGraceTime: '5s' } as const;
      const options = configured(own);
      assert.deepEqual({ ...options, ...own }, options);
    });

    it("and leaves the numbers to a user's own tuner", async () => {
      const slots = { type: 'fixed-size', numSlots: 2 } as const;
      const tuner = {
        workflowTaskSlotSupplier: slots,
        activityTaskSlotSupplier: slots,
        localActivityTaskSlotSupplier: slots,
        nexusTaskSlotSupplier: slots,
      };
      const worker = await createWorker('tuned', {
        tuner,
        activities,
        workflowsPath: ownWorkflows,
      });
      await worker.runUntil(() => execute('greeting', 'tuned', 'Ada'));
    });

    it("never puts an activity in the place of a user's", () => {
      const { activities: all } = configured({ activities });
      assert.equal((all as typeof activities).greet, activities.greet);
      assert.ok('collaborate' in all!);
    });
  });
});
