import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { usageOf } from '../../core/usage.ts';
import { openStore } from '../../store/store.ts';
import { Azure, type AzureOptions, TOKEN } from '../support/azure/azure.ts';
import { Bench, writeTask } from '../support/stack.ts';
import { useTemporal } from '../support/suite.ts';
import { jobsOf } from './support.ts';

const FEW = { labelled: 10, unlabelled: 20, test: 20 };
const HOUR_MS = 3_600_000;

describe('models that have to be deployed', function () {
  this.timeout(120_000);
  const temporal = useTemporal();
  const closing: (() => Promise<unknown>)[] = [];

  before(() => {
    process.env.AZURE_MANAGEMENT_TOKEN = TOKEN;
  });
  after(async () => {
    for (const close of closing.reverse()) await close();
    delete process.env.AZURE_MANAGEMENT_TOKEN;
  });

  /** A place for a run at Azure. */
  async function open(
    options: AzureOptions = {},
    { tier = 'standard', ...endpoint }: { tier?: string; idleMinutes?: number } = {},
  ) {
    const azure = await Azure.start(options);
    closing.push(() => azure.close());
    const { baseURL, trainer } = azure.endpoint;
    const timing = { pollSeconds: 0.05, finalAfterSeconds: 0.4 };
    const config = { baseURL, trainer: { ...trainer, tier }, ...timing, ...endpoint };
    const bench = await Bench.open(temporal, azure.provider, config);
    closing.push(() => bench.close());
    await bench.startWorker();
    return { azure, bench };
  }
  /** The hosts of all that was ever deployed. */
  const hostsOf = ({ stays }: Azure) =>
    [...new Set(stays.map(({ name }) => name))].map((name) =>
      temporal.client.workflow.getHandle(`host/local/${name}`),
    );
  const untilReleased = (azure: Azure) => Promise.all(hostsOf(azure).map((host) => host.result()));
  async function bookedSeconds({ config }: Bench, run: string): Promise<number> {
    const store = await openStore(config.store);
    try {
      const [model] = await store.models.list({ run });
      const spend = await store.run(run, model!.dataset).spend(1);
      return usageOf(spend, 'hosting').deployedSeconds;
    } finally {
      store.close();
    }
  }

  it('are put up before they are asked, again when they expire, and taken down in the end', async () => {
    const { azure, bench } = await open({}, { tier: 'developertier' });
    const asked = new Map<string, number>();
    azure.onChat = (name) => {
      asked.set(name, (asked.get(name) ?? 0) + 1);
      // In the middle of a batch; all of them.
      if (name.startsWith('r1-') && asked.get(name) === 12) azure.pass(25 * HOUR_MS);
    };
    const handle = await bench.start(await writeTask(bench.folder, 'expires', FEW));
    const { latest } = await handle.result();
    await untilReleased(azure);
    assert.deepEqual(azure.standing, []);
    const names = new Set(azure.stays.map(({ name }) => name));
    assert.ok(names.size >= 2, `${names.size} models were deployed`);
    assert.ok(azure.created > names.size, `${azure.created} deployments of ${names.size} models`);
    assert.equal(latest[0]!.values.semievol !== null, true);
    // Known by the name that stays.
    const [report] = await bench.reports('expires');
    const tuned = jobsOf(bench, 'expires').map((job) => job.fine_tuned_model);
    const answered = report!.usage.map(({ model }) => model);
    assert.ok(tuned.some((model) => answered.includes(model!)));
    assert.ok(!answered.some((model) => names.has(model)));
    assert.equal(await bookedSeconds(bench, 'expires'), 0, 'this tier costs no hours');
  });
});
