import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { defineConfig } from '../../config/config.ts';
import { Trainers } from '../../providers/trainers/index.ts';
import { Azure, type AzureOptions, TOKEN } from '../support/azure/azure.ts';
import { endpointAt, failure, MODEL } from './support.ts';

const HOUR_MS = 3_600_000;
const ENV = 'AZURE_MANAGEMENT_TOKEN';

describe('deployments at Azure', () => {
  let azure: Azure;
  before(() => {
    process.env[ENV] = TOKEN;
  });
  after(() => {
    delete process.env[ENV];
  });
  beforeEach(() => restart());
  afterEach(() => azure.close());

  async function restart(options: AzureOptions = {}): Promise<void> {
    azure = await Azure.start(options);
  }
  function trainer(more: object = {}) {
    const { baseURL, trainer } = azure.endpoint;
    const spec = new Trainers().spec.parse({ ...trainer, ...more });
    return new Trainers().of(endpointAt({ baseURL }, { trainer: spec }));
  }
  /** A model that was tuned at Azure. */
  async function order(seed = 1) {
    const { provider } = azure;
    const row = JSON.stringify({ messages: [{ role: 'assistant', content: 'yes' }] });
    const form = new FormData();
    form.set('purpose', 'fine-tune');
    form.set('file', new Blob([row]), 'train.jsonl');
    const file = await fetch(`${provider.baseURL}/files`, { method: 'POST', body: form });
    const { id } = (await file.json()) as { id: string };
    const job = provider.jobs.create({ model: MODEL, training_file: id, seed });
    provider.jobs.finish(job.id);
    const model = provider.jobs.get(job.id).fine_tuned_model!;
    return { model, base: MODEL, name: `semievol-${seed}` };
  }
  async function up(wanted: Awaited<ReturnType<typeof order>>, more: object = {}) {
    const { deployments } = trainer(more);
    const { id } = await deployments!.deploy(wanted);
    const seen: string[] = [];
    for (;;) {
      const { state, detail } = await deployments!.poll(id, wanted);
      seen.push(detail);
      if (state === 'ready') return { deployments: deployments!, id, seen };
    }
  }

  it('come up by and by', async () => {
    const { seen } = await up(await order());
    assert.deepEqual(seen, ['Creating', 'Succeeded']);
  });

  it('ask for what the configuration says', async () => {
    const wanted = await order();
    await up(wanted, { tier: 'globalstandard', capacity: 7 });
    const [made] = azure.deployments.values();
    assert.deepEqual(made!.sku, { name: 'globalstandard', capacity: 7 });
    assert.equal(made!.model, wanted.model);
  });

  for (const [tier, hours] of [
    ['developertier', 24],
    ['standard', 15 * 24],
  ] as const)
    it(`of ${tier} are gone after ${hours} hours, and come again`, async () => {
      const wanted = await order();
      const { deployments, id } = await up(wanted, { tier });
      assert.equal(deployments.isFree, tier === 'developertier');
      azure.pass((hours - 1) * HOUR_MS);
      assert.equal((await deployments.poll(id, wanted)).state, 'ready');
      azure.pass(hours * HOUR_MS);
      assert.equal((await deployments.poll(id, wanted)).state, 'gone');
      await up(wanted, { tier });
      assert.equal(azure.created, 2);
    });

  it('wait while another one is changed, and for room', async () => {
    await azure.close();
    await restart({ quota: 60, deletingFor: 8 });
    const [one, other] = [await order(1), await order(2)];
    const { deployments } = await up(one);
    await assert.rejects(deployments.deploy(other), failure('NoRoom', { retried: true }));
    await deployments.undeploy(one);
    await assert.rejects(deployments.deploy(other), failure('EndpointError', { retried: true }));
    for (let made = false; !made; )
      made = await deployments.deploy(other).then(
        () => true,
        () => false,
      );
    assert.deepEqual(azure.standing, [other.name]);
  });

  it('fail for good where there is no such model', async () => {
    const wanted = { ...(await order()), model: 'ft:nothing' };
    const refused = trainer().deployments!.deploy(wanted);
    await assert.rejects(refused, failure('BadRequest', { retried: false }));
  });

  it('say before anything is spent which token is missing, or not taken', async () => {
    assert.match((await trainer({ tokenEnv: 'NO_TOKEN' }).preflight())!, /variable NO_TOKEN/);
    process.env[ENV] = 'an-old-one';
    const said = await trainer().preflight();
    process.env[ENV] = TOKEN;
    assert.match(said!, /InvalidAuthenticationToken.*variable AZURE_MANAGEMENT_TOKEN/);
    assert.ok(!said!.includes('an-old-one'));
  });

  it('take a token from whoever gives one', async () => {
    let asked = 0;
    const token = async () => {
      asked++;
      return TOKEN;
    };
    const given = trainer({ tokenEnv: 'NO_TOKEN', token });
    assert.equal(await given.preflight(), undefined);
    await given.deployments!.deploy(await order());
    assert.equal(asked, 3, 'once for each request');
  });

  it('are no part of what makes a model', () => {
    const made = (more: object) =>
      new Trainers().makingOf({ trainer: { ...azure.endpoint.trainer, ...more } });
    assert.deepEqual(made({ tier: 'standard', taskQueue: 'gpu' }), { trainer: { type: 'azure' } });
    assert.deepEqual(new Trainers().makingOf({ trainer: { type: 'together', loraRank: 8 } }), {
      trainer: { type: 'together', loraRank: 8 },
    });
  });

  it('are configured by the id of a resource, and never by a token', () => {
    const refused = (more: object, field: RegExp) =>
      assert.throws(
        () =>
          defineConfig({
            endpoints: {
              azure: { baseURL: 'https://x/v1', trainer: { type: 'azure', ...more } },
            },
          }),
        (error: Error) => field.test(error.message) && !error.message.includes('ey-secret'),
      );
    refused({ account: 'models' }, /trainer\.account.*give the id of the resource/);
    const { account } = azure.endpoint.trainer;
    refused({ account, tokenEnv: 'ey-secret' }, /trainer\.tokenEnv.*not the token itself/);
  });
});
