import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type OpenAI from 'openai';
import { AliasStore } from '../../engine/aliases.ts';
import { pointAlias } from '../../providers/alias.ts';
import { endpointConfig } from '../../providers/config.ts';
import { Endpoint } from '../../providers/endpoint.ts';
import { startProvider } from '../../testing/provider.ts';
import {
  BASE,
  jsonl,
  type RunningEngine,
  start,
  stop,
  trainingRows,
  upload,
  waitForJob,
} from './support.ts';

const ALIAS = 'semievol:tickets';
const messages = [{ role: 'user' as const, content: 'Thing 1' }];
const brief = { messages, temperature: 0, max_tokens: 2 };

describe('engine: aliases', () => {
  let running: RunningEngine;

  beforeEach(async () => {
    running = await start();
  });
  afterEach(() => stop(running));

  const endpoint = (baseURL = running.engine.url) =>
    new Endpoint('local', endpointConfig.parse({ baseURL }));

  /** What the alias stands for, by the list of models. */
  const rootOf = async (client: OpenAI) => {
    const listed: { id: string; root?: string }[] = (await client.models.list()).data;
    return listed.find(({ id }) => id === ALIAS)?.root;
  };

  it('stand for one model after another, also when the engine is started again', async () => {
    const { client, engine, stateFolder } = running;
    const training_file = await upload(client, jsonl(trainingRows(2)));
    const hyperparameters = { n_epochs: 1 };
    const { id } = await client.fineTuning.jobs.create({
      model: BASE,
      training_file,
      hyperparameters,
    });
    const { fine_tuned_model: tuned } = await waitForJob(client, id);

    assert.equal(await pointAlias(endpoint(), ALIAS, BASE), true);
    assert.equal(await rootOf(client), BASE);
    assert.equal(await pointAlias(endpoint(), ALIAS, tuned!), true);

    await engine.close();
    running = await start(stateFolder);
    const later = await running.client.chat.completions.create({ model: ALIAS, ...brief });
    assert.equal(later.model, tuned);
    assert.equal(await rootOf(running.client), tuned);
    const derived = await running.client.fineTuning.jobs.create({ model: ALIAS, training_file });
    assert.equal(derived.model, tuned);
    await running.client.fineTuning.jobs.cancel(derived.id);
  });

  it('refuse models that are not there, and names as models have them', async () => {
    const { client } = running;
    const point = (alias: string, model: string) =>
      client.put(`/aliases/${alias}`, { body: { model } });
    await assert.rejects(point(ALIAS, 'ft:gone'), { status: 404, code: 'model_not_found' });
    await assert.rejects(point(ALIAS, 'all-minilm-l6-v2'), { status: 400, param: 'model' });
    await assert.rejects(point(BASE, BASE), { status: 400, param: 'id' });
    assert.equal((await client.models.list()).data.length, 2);
  });

  it('name the file that is damaged', async () => {
    const file = path.join(running.stateFolder, 'aliases', 'semievol%3Atickets.json');
    await writeFile(file, '');
    await assert.rejects(AliasStore.open(path.dirname(file)), {
      name: 'StateError',
      message: new RegExp(`${file} is empty: delete it`),
    });
  });

  it('are of no other endpoint, which is asked for nothing that it may not know', async () => {
    const provider = await startProvider();
    assert.equal(await pointAlias(endpoint(provider.baseURL), ALIAS, BASE), false);
    assert.equal(await pointAlias(endpoint(provider.baseURL), ALIAS, 'not there'), false);
    const methods = provider.requests().map(({ method }) => method);
    assert.deepEqual(methods, ['GET', 'GET']);
    await provider.close();
  });
});
