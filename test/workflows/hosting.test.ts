import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { after, before, describe, it } from 'mocha';
import type { Hosting } from '../../core/hosting.ts';
import type { RunSpec } from '../../core/spec.ts';
import { usageOf } from '../../core/usage.ts';
import { openStore, type Store } from '../../store/store.ts';
import { startProvider } from '../../testing/provider.ts';
import { compare, readTables } from '../chaos/tables.ts';
import { Azure, type AzureOptions, TOKEN } from '../support/azure/azure.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { Bench, failedFor, writeTask } from '../support/stack.ts';
import { useTemporal } from '../support/suite.ts';
import { jobOf, jobsOf, startFineTune, textOf, untilHeld, writeTrainingFile } from './support.ts';

const FEW = { labelled: 10, unlabelled: 20, test: 20 };
const HOUR_MS = 3_600_000;
const MODEL = 'smollm2-135m-instruct';

describe('models that have to be deployed', () => {
  const temporal = useTemporal();
  const closing: (() => Promise<unknown>)[] = [];

  before(() => {
    process.env.AZURE_MANAGEMENT_TOKEN = TOKEN;
  });
  after(async () => {
    for (const close of closing.reverse()) await close();
    delete process.env.AZURE_MANAGEMENT_TOKEN;
  });

  /** A place for runs at Azure. */
  async function open(
    options: AzureOptions = {},
    { tier = 'standard', isWorked = true, prices = {} } = {},
  ) {
    const azure = await Azure.start(options);
    closing.push(() => azure.close());
    const { baseURL, trainer } = azure.endpoint;
    const timing = { pollSeconds: 0.05, finalAfterSeconds: 0.4 };
    const config = { baseURL, trainer: { ...trainer, tier }, ...timing, prices };
    const bench = await Bench.open(temporal, azure.provider, config);
    closing.push(() => bench.close());
    if (isWorked) await bench.startWorker();
    return { azure, bench };
  }
  async function inStore<T>({ config }: Bench, read: (store: Store) => Promise<T>): Promise<T> {
    const store = await openStore(config.store);
    try {
      return await read(store);
    } finally {
      store.close();
    }
  }
  const bookedSeconds = (bench: Bench, run: string) =>
    inStore(bench, async (store) => {
      const [model] = await store.models.list({ run });
      const spend = await (await store.run(run, model!.dataset)).spend(model!.round);
      return usageOf(spend, 'hosting').deployedSeconds;
    });

  describe('for a run', () => {
    const untilReleased = ({ stays }: Azure) =>
      Promise.all(
        [...new Set(stays.map(({ name }) => name))].map((name) =>
          temporal.client.workflow.getHandle(`host/local/${name}`).result(),
        ),
      );

    /** What a run has left behind. */
    const tablesOf = (bench: Bench, spec: RunSpec) =>
      inStore(bench, async (store) => {
        const reports = await bench.reports(spec.name);
        return readTables(store, reports[0]!.dataset, spec, reports);
      });

    it('are put up before they are asked, again when they expire, and taken down in the end', async () => {
      const usual = await Bench.open(temporal, await startProvider());
      closing.push(() => usual.close());
      const usually = await writeTask(usual.folder, 'expires', FEW);
      await usual.run(usually);

      const { azure, bench } = await open({}, { tier: 'developertier', isWorked: false });
      let worker = await bench.startProcess();
      let killed: Promise<unknown> | undefined;
      const asked = new Map<string, number>();
      azure.onChat = (name) => {
        asked.set(name, (asked.get(name) ?? 0) + 1);
        // In the middle of a batch; all of them.
        if (!name.startsWith('r1-') || asked.get(name) !== 12) return;
        azure.pass(25 * HOUR_MS);
        killed ??= worker.kill().then(async () => {
          worker = await bench.startProcess();
        });
      };
      const spec = await writeTask(bench.folder, 'expires', FEW);
      await (await bench.start(spec)).result();
      await killed;
      await untilReleased(azure);
      assert.deepEqual(azure.standing, []);
      const { differences } = compare(await tablesOf(usual, usually), await tablesOf(bench, spec));
      assert.deepEqual(differences, []);
      const names = new Set(azure.stays.map(({ name }) => name));
      assert.ok(names.size >= 2, `${names.size} models were deployed`);
      assert.ok(azure.created > names.size, `${azure.created} deployments of ${names.size} models`);
      // Known by the names that stay.
      const [report] = await bench.reports('expires');
      const tuned = jobsOf(bench, 'expires').map((job) => job.fine_tuned_model);
      const answered = new Set(report!.usage.map(({ model }) => model));
      assert.ok(tuned.some((model) => answered.has(model!)));
      assert.ok([...names].every((name) => !answered.has(name)));
      assert.equal(await bookedSeconds(bench, 'expires'), 0, 'this tier costs no hours');
    });

    it('count against its budget: it pauses when their hours are gone, until there are more', async () => {
      const deployedHour = 7123.456789;
      const { azure, bench } = await open({}, { prices: { [MODEL]: { deployedHour } } });
      const asked = new Map<string, number>();
      azure.onChat = (name) => {
        asked.set(name, (asked.get(name) ?? 0) + 1);
        if (asked.get(name) === 12) azure.remove(name);
      };
      const budget = { gpuHours: 1e-7 };
      const handle = await bench.start(await writeTask(bench.folder, 'bounded', FEW, { budget }));
      const { hold, budget: uses } = await untilHeld(bench, 'bounded');
      assert.match(hold!.why, /budget of the run is reached/);
      assert.ok(uses![0]!.spent > 1e-7);
      await bench.client.get('bounded').setBudget({ gpuHours: 10 });
      await handle.result();
      await untilReleased(azure);
      assert.deepEqual(azure.standing, []);
      const stood = azure.stays.reduce((sum, { from, to }) => sum + (to! - from), 0) / 1000;
      const booked = await bookedSeconds(bench, 'bounded');
      assert.ok(booked >= stood && booked < stood + 5 * azure.stays.length, `${booked}, ${stood}`);

      const [report] = await bench.reports('bounded');
      const hosting = report!.usage.filter(({ phase }) => phase === 'hosting');
      for (const { deployedSeconds, cost } of hosting)
        assert.ok(Math.abs(cost! - (deployedSeconds / 3600) * deployedHour) < 1e-6);
      assert.ok(hosting.length > 0);
      for (const id of ['bounded', 'bounded/round-1', `host/local/${azure.stays[0]!.name}`]) {
        const history = await temporal.client.workflow.getHandle(id).fetchHistory();
        const text = textOf(history);
        assert.match(text, /"(run|endpoint)":/);
        for (const secret of [TOKEN, String(deployedHour)])
          assert.ok(!text.includes(secret), `${id} tells ${secret}`);
      }
    });

    it('are released when it is cancelled', async () => {
      const { azure, bench } = await open();
      const up = Promise.withResolvers<void>();
      azure.onChat = (name) => {
        if (name.startsWith('r1-') && azure.standing.includes(name)) up.resolve();
      };
      const handle = await bench.start(await writeTask(bench.folder, 'cancelled', FEW));
      await up.promise;
      await handle.cancel();
      await assert.rejects(handle.result(), WorkflowFailedError);
      await untilReleased(azure);
      assert.deepEqual(azure.standing, []);
    });

    it('let it fail where they cannot be put up, and nothing stands', async () => {
      const { azure, bench } = await open({ states: ['Accepted', 'Failed'] });
      const handle = await bench.start(await writeTask(bench.folder, 'refused', FEW));
      await assert.rejects(handle.result(), failedFor('DeploymentFailed'));
      assert.deepEqual(azure.standing, []);
    });
  });

  describe('by themselves', () => {
    let azure: Azure;
    let bench: Bench;

    async function start(options: AzureOptions = {}) {
      ({ azure, bench } = await open(options));
      azure.provider.jobs.hold();
    }
    /** A model that was tuned, and is known to the store. */
    async function model(run: string) {
      const { provider } = azure;
      const content = await readFile(await writeTrainingFile(bench, `${run}-file`));
      const form = new FormData();
      form.set('purpose', 'fine-tune');
      form.set('file', new Blob([content]), 'train.jsonl');
      const file = await fetch(`${provider.baseURL}/files`, { method: 'POST', body: form });
      const { id } = (await file.json()) as { id: string };
      const job = provider.jobs.create({ model: MODEL, training_file: id, seed: 1 });
      provider.jobs.finish(job.id);
      const name = provider.jobs.get(job.id).fine_tuned_model!;
      await inStore(bench, (store) =>
        store.models.add({
          ...{ name, run, round: 1, role: 'semievol', dataset: 'data', endpoint: 'local' },
          ...{ base: MODEL, trainingFileSha256: '0', trainingRows: 1, jobKey: run, jobId: job.id },
          createdAt: new Date().toISOString(),
        }),
      );
      return name;
    }
    /** A workflow that goes on until it is cancelled. */
    async function user(name: string): Promise<WorkflowHandle> {
      const handle = await startFineTune(bench, name);
      await jobOf(bench, name);
      return handle;
    }
    const host = (run: string) => temporal.client.workflow.getHandle(`host/local/${run}`);
    async function use(run: string, name: string, by: string, idleMinutes = 20, more: object = {}) {
      const input = {
        ...{ endpoint: 'local', order: { model: name, base: MODEL, name: run } },
        ...{ idleMinutes, finalAfterSeconds: 0.4, ...more },
      };
      await temporal.client.workflow.signalWithStart('host', {
        ...{ workflowId: `host/local/${run}`, taskQueue: bench.config.temporal.taskQueue },
        ...{ args: [input], signal: 'used', signalArgs: [{ by }] },
      });
    }
    async function until(run: string, state: Hosting['state']): Promise<Hosting> {
      return lookUntil(
        () => host(run).query<Hosting>('status'),
        (now) => now.state === state,
      );
    }
    const stood = () => azure.stays.reduce((sum, { from, to }) => sum + (to! - from), 0) / 1000;

    it('stand as long as anybody goes on who needs them, and their hours are booked', async () => {
      await start();
      const [name, one, other] = [await model('needed'), await user('one'), await user('other')];
      await use('needed', name, 'one');
      assert.equal((await until('needed', 'ready')).servedAs, 'needed');
      await use('needed', name, 'other');
      await one.cancel();
      await assert.rejects(one.result());
      assert.deepEqual(azure.standing, ['needed']);
      await other.cancel();
      await host('needed').result();
      assert.deepEqual(azure.standing, []);
      const booked = await bookedSeconds(bench, 'needed');
      assert.ok(booked >= stood() && booked < stood() + 2, `${booked} s of ${stood()} s`);
    });

    it('are taken down when they are idle, and put up again by the next use', async () => {
      await start();
      const [name, by] = [await model('idle'), await user('patient')];
      for (const times of [1, 2]) {
        await use('idle', name, 'patient', 0.01);
        await host('idle').result();
        assert.equal((await until('idle', 'gone')).state, 'gone');
        assert.deepEqual([azure.created, azure.standing], [times, []]);
      }
      const booked = await bookedSeconds(bench, 'idle');
      assert.ok(booked >= stood() && booked < stood() + 4, `${booked} s of ${stood()} s`);
      await by.cancel();
    });

    it('stand on in another execution, and are found again after one that was ended', async () => {
      await start();
      const [name, by] = [await model('lasting'), await user('lasting-user')];
      await use('lasting', name, 'lasting-user');
      const { since } = await until('lasting', 'ready');
      await host('lasting').terminate();
      assert.deepEqual(azure.standing, ['lasting']);
      const standing = { id: 'lasting', servedAs: 'lasting', bookedUntil: since };
      await use('lasting', name, 'lasting-user', 20, {
        soFar: { users: ['lasting-user'], usedAt: Date.now(), standing },
      });
      assert.equal((await until('lasting', 'ready')).servedAs, 'lasting');
      await host('lasting').terminate();
      await use('lasting', name, 'lasting-user');
      await until('lasting', 'ready');
      await by.cancel();
      await host('lasting').result();
      assert.deepEqual([azure.created, azure.standing], [1, []]);
    });

    it('are taken down with their host, also while they come up', async () => {
      await start({ states: ['Accepted'] });
      const [name, by] = [await model('rising'), await user('waiting')];
      await use('rising', name, 'waiting');
      await azure.provider.until(() => azure.standing.length === 1);
      await host('rising').cancel();
      await assert.rejects(host('rising').result(), WorkflowFailedError);
      assert.deepEqual(azure.standing, []);
      assert.equal((await until('rising', 'gone')).detail, 'cancelled');
      await by.cancel();
    });

    it('are tried again where the provider fails, and say so where it does not cease to', async () => {
      await start({ states: ['Accepted', 'Failed'] });
      const [name, by] = [await model('failing'), await user('hoping')];
      await use('failing', name, 'hoping');
      await assert.rejects(host('failing').result(), failedFor('DeploymentFailed'));
      assert.ok(azure.created > 1, `tried ${azure.created} times`);
      assert.deepEqual(azure.standing, []);
      assert.match((await until('failing', 'failed')).message!, /"local" does not put up model/);
      await by.cancel();
    });
  });
});
