import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkerOptions } from '@temporalio/worker';
import { before, describe, it } from 'mocha';
import type { Activities } from '../../activities/index.ts';
import type { Named } from '../../core/activityNames.ts';
import { SemiEvolPlugin, WORKFLOWS_PATH } from '../../workers/plugin.ts';
import { failedFor, writeTask } from '../support/stack.ts';
import { useBench, useTemporal } from '../support/suite.ts';

const OWN_WORKFLOWS = fileURLToPath(new URL('./own/workflows.ts', import.meta.url));
const activities = { greet: async (name: string) => `Good day, ${name}.` };

describe('the plugin', () => {
  const temporal = useTemporal();
  const bench = useBench('suite');

  function createWorker(taskQueue: string, options: Partial<WorkerOptions> = {}) {
    return Worker.create({
      connection: temporal.nativeConnection,
      taskQueue,
      plugins: [new SemiEvolPlugin(bench.config)],
      ...options,
    });
  }
  const execute = <T>(type: string, taskQueue: string, ...args: unknown[]): Promise<T> =>
    temporal.client.workflow.execute(type, { taskQueue, args, workflowId: `${taskQueue}-${type}` });

  /** A run that ends as soon as our first activity has asked the provider for its models. */
  async function evolveWithoutModel(taskQueue: string): Promise<void> {
    const spec = await writeTask(bench.folder, taskQueue, undefined, {
      model: { name: 'no-such-model' },
    });
    await assert.rejects(
      execute('evolve', taskQueue, { run: spec.name, spec }),
      failedFor('ModelNotFound'),
    );
  }

  it("runs ours beside a user's own workflows and activities", async () => {
    const worker = await createWorker('own', { activities, workflowsPath: OWN_WORKFLOWS });
    await worker.runUntil(async () => {
      assert.equal(await execute('greeting', 'own', 'Ada'), 'Good day, Ada.');
      await evolveWithoutModel('own');
    });
  });

  it('brings our workflows where the worker names none', async () => {
    const worker = await createWorker('ours', { activities });
    assert.equal(worker.options.workflowsPath, WORKFLOWS_PATH);
    await worker.runUntil(() => evolveWithoutModel('ours'));
  });

  it('leaves a bundle that is built already as it is', async () => {
    const logger = new DefaultLogger('ERROR');
    const workflowBundle = await bundleWorkflowCode({ workflowsPath: OWN_WORKFLOWS, logger });
    const worker = await createWorker('bundled', { workflowBundle, activities });
    assert.equal(worker.options.workflowsPath, undefined);
    assert.doesNotMatch(workflowBundle.code, /ZodError/, 'workflows load what checks specs');
    await worker.runUntil(async () => {
      assert.equal(await execute('greeting', 'bundled', 'Ada'), 'Good day, Ada.');
      await evolveWithoutModel('bundled');
    });
  });

  it('serves several workers and a client, and holds the store until the last has stopped', async () => {
    const plugin = new SemiEvolPlugin(bench.config);
    const client = new Client({ connection: temporal.connection, plugins: [plugin] });
    const options = { activities, workflowsPath: OWN_WORKFLOWS, plugins: [plugin] };
    const { activities: ours } = plugin.configureWorker({ taskQueue: 'any' });
    const read = () =>
      (ours as Named<Activities>)['semievol.select']({ run: 'none', round: 1, dataset: 'none' });
    const reads = () => assert.rejects(read(), /no spec of run "none"/);
    await assert.rejects(read(), /no worker of this plugin is running/);
    const [first, second] = await Promise.all([
      createWorker('first', options),
      createWorker('second', options),
    ]);
    const greet = (taskQueue: string): Promise<string> =>
      client.workflow.execute('greeting', { taskQueue, args: ['Ada'], workflowId: taskQueue });
    await first.runUntil(async () => {
      await second.runUntil(() => greet('second'));
      await greet('first');
      await reads();
    });
    await assert.rejects(read(), /no worker of this plugin is running/);
    const third = await createWorker('third', options);
    await third.runUntil(async () => {
      await greet('third');
      await reads();
    });
  });

  it('ends a worker whose store cannot be written to', async () => {
    const uri = join(fileURLToPath(import.meta.url), 'store');
    const broken = { ...bench.config, store: { ...bench.config.store, uri } };
    const plugins = [new SemiEvolPlugin(broken)];
    const worker = await createWorker('broken', { workflowsPath: OWN_WORKFLOWS, plugins });
    await assert.rejects(worker.run(), { name: 'StoreError' });
  });

  describe('tunes a worker', () => {
    let plugin: SemiEvolPlugin;
    before(() => {
      plugin = new SemiEvolPlugin(bench.config);
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
        workflowsPath: OWN_WORKFLOWS,
      });
      await worker.runUntil(() => execute('greeting', 'tuned', 'Ada'));
    });
  });

  describe("leaves a user's activities alone", () => {
    const embed = async () => 'mine';
    const configured = (all: object, ...plugins: SemiEvolPlugin[]) =>
      plugins.reduce<WorkerOptions>((options, plugin) => plugin.configureWorker(options), {
        taskQueue: 'named',
        activities: all,
      }).activities as Record<string, unknown>;

    it('where they have a name that ours have in the code', () => {
      const all = configured({ embed }, new SemiEvolPlugin(bench.config));
      assert.equal(all.embed, embed);
      assert.notEqual(all['semievol.embed'], embed);
      const own = Object.keys(all).filter((name) => !name.startsWith('semievol.'));
      assert.deepEqual(own, ['embed']);
    });

    it('and refuses one that has a name of ours, also where another plugin brought it', () => {
      const clash = /semievol\.embed.*rename/;
      const plugin = new SemiEvolPlugin(bench.config);
      assert.throws(() => configured({ 'semievol.embed': embed }, plugin), clash);
      assert.throws(() => configured({}, plugin, new SemiEvolPlugin(bench.config)), clash);
      assert.ok('semievol.embed' in configured({}, plugin, plugin));
    });
  });
});
