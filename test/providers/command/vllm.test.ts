import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { DeploymentOrder, Deployments } from '../../../providers/deployments.ts';
import { Trainers } from '../../../providers/trainers/index.ts';
import { portForLater } from '../../support/port.ts';
import { use, useFolder } from '../../support/suite.ts';
import { Vllm, type VllmOptions } from '../../support/vllm/vllm.ts';
import { openFront } from '../conformance/lossyFront.ts';
import { endpointAt } from '../support.ts';

const BASE = { name: 'llama-3.1-8b', path: '/models/Llama-3.1-8B-Instruct' };

const answer: VllmOptions['answer'] = async ({ model }, adapter) => ({
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model },
  choices: [
    { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: adapter ?? 'base' } },
  ],
});

for (const load of ['call', 'resolver'] as const)
  describe(`models at a vLLM, by its ${load},`, () => {
    const state = useFolder('test');
    const models = () => join(state.path, 'models');
    const start = (port: number) =>
      Vllm.start({ base: BASE, answer, port, ...(load === 'resolver' && { resolver: models() }) });
    const opened = use(
      'test',
      async () => ({ vllm: await start(await portForLater()) }),
      ({ vllm }) => vllm.close(),
    );

    function deploymentsAt(baseURL: string): Deployments {
      const trainers = new Trainers();
      const spec = { type: 'command', tool: 'llama-factory', folder: state.path };
      const trainer = trainers.spec.parse({ ...spec, serving: { type: 'vllm', load } });
      return trainers.of(endpointAt({ baseURL }, { trainer })).deployments!;
    }
    const deployments = () => deploymentsAt(opened.vllm.baseURL);

    /** The order of a model whose adapter is there. */
    async function trained(model: string, base = BASE.path): Promise<DeploymentOrder> {
      await mkdir(join(models(), model), { recursive: true });
      const config = { peft_type: 'LORA', base_model_name_or_path: base };
      await writeFile(join(models(), model, 'adapter_config.json'), JSON.stringify(config));
      return { model, base: BASE.name, name: model };
    }
    async function answerOf(model: string): Promise<string | null> {
      const { client } = endpointAt(opened.vllm);
      const messages = [{ role: 'user' as const, content: 'Well?' }];
      const { choices } = await client.chat.completions.create({ model, messages });
      return choices[0]!.message.content;
    }

    it('are loaded under their own names, once, and unloaded, once', async () => {
      const order = await trained('run-1-warm-up-12');
      assert.equal((await deployments().poll(order.model, order)).state, 'gone');
      const deployment = await deployments().deploy(order);
      assert.deepEqual(deployment, {
        ...{ id: order.model, servedAs: order.model, state: 'ready', detail: 'loaded' },
      });
      assert.match((await answerOf(order.model))!, /models\/run-1-warm-up-12$/);
      assert.equal((await deployments().deploy(order)).state, 'ready');
      assert.deepEqual(opened.vllm.loaded, [order.model]);
      assert.equal(opened.vllm.calls.length, load === 'call' ? 1 : 0);

      // It may have been tuned from one that is loaded, too.
      const other = { ...(await trained('run-2-warm-up-34')), base: order.model };
      assert.equal((await deployments().deploy(other)).state, 'ready');
      assert.equal(await deployments().undeploy(order), true);
      assert.deepEqual(opened.vllm.loaded, [other.model]);
      assert.equal((await deployments().poll(order.model, order)).state, 'gone');
      assert.equal(await deployments().undeploy(order), false);
    });

    it('are gone with the server, and put up again by the next one', async () => {
      const order = await trained('model-1');
      await deployments().deploy(order);
      const { port } = opened.vllm;
      await opened.vllm.close();
      await assert.rejects(deployments().poll(order.model, order), { type: 'Unreachable' });
      opened.vllm = await start(port);
      assert.equal((await deployments().poll(order.model, order)).state, 'gone');
      assert.equal((await deployments().deploy(order)).state, 'ready');
      assert.deepEqual(opened.vllm.loaded, [order.model]);
    });

    it('are one when two ask at once, and when answers are lost', async () => {
      const order = await trained('model-2');
      await Promise.all([deployments().deploy(order), deployments().deploy(order)]);
      assert.deepEqual(opened.vllm.loaded, [order.model]);
      const front = await openFront(opened.vllm.baseURL);
      try {
        front.lose('answers');
        await deploymentsAt(`${front.address}/v1`)
          .undeploy(order)
          .catch(() => undefined);
        front.lose('none');
        assert.equal(await deployments().undeploy(order), false);
        assert.deepEqual(opened.vllm.loaded, []);
      } finally {
        await front.close();
      }
    });

    it('that cannot be loaded say why', async () => {
      const order = { model: 'nobody', base: BASE.name, name: 'nobody' };
      const { state: standing, message } = await deployments().deploy(order);
      assert.equal(standing, 'failed');
      assert.match(message!, load === 'call' ? /No adapter found/ : /VLLM_LORA_RESOLVER_CACHE_DIR/);
    });

    if (load === 'resolver')
      it('are not found over another base than the server has', async () => {
        const order = await trained('model-3', '/models/another');
        assert.match((await deployments().deploy(order)).message!, /trainer\.models/);
      });
    else
      it('that another adapter has the name of are not taken for it, and take its place', async () => {
        const order = await trained('model-4');
        const elsewhere = await trained('elsewhere');
        const { client } = endpointAt(opened.vllm);
        const body = { lora_name: order.model, lora_path: join(models(), elsewhere.model) };
        await client.post('/load_lora_adapter', { body }).asResponse();
        const { state: standing, message } = await deployments().poll(order.model, order);
        assert.deepEqual([standing, /another adapter/.test(message!)], ['failed', true]);
        assert.equal((await deployments().deploy(order)).state, 'ready');
        assert.match((await answerOf(order.model))!, /models\/model-4$/);
      });
  });
