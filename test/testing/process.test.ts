import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, it } from 'mocha';
import OpenAI from 'openai';
import type { Fault } from '../../testing/faults.ts';
import type { JournalEntry } from '../../testing/requests.ts';
import { portForLater } from '../support/port.ts';
import { useFolder } from '../support/suite.ts';
import { ask, clientOf, MODEL, trainingFile, upload } from './client.ts';

const MAIN = fileURLToPath(new URL('../../testing/main.ts', import.meta.url));

describe('the stand-in provider as a process', () => {
  const folder = useFolder('test');
  let child: ChildProcess;
  afterEach(kill);

  async function start(...options: string[]): Promise<{ baseURL: string; client: OpenAI }> {
    child = spawn(process.execPath, [MAIN, ...options]);
    const [baseURL] = (await once(createInterface(child.stdout!), 'line')) as [string];
    return { baseURL, client: clientOf(baseURL) };
  }
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  const chat = (client: OpenAI, question: string) =>
    client.chat.completions.create({ model: MODEL, messages: ask(question) });
  const journalOf = async (baseURL: string) =>
    (await (await fetch(new URL('/__journal', baseURL))).json()) as JournalEntry[];

  it('prints its URL and shows its journal', async () => {
    const { baseURL, client } = await start();
    await client.models.list();
    assert.deepEqual(
      (await journalOf(baseURL)).map((entry) => entry.path),
      ['/models'],
    );
  });

  it('takes limits and faults by options', async () => {
    const { client } = await start('--fault-rate', '1', '--fault-seed', '3');
    await assert.rejects(async () => {
      for (const question of 'abcdefgh') assert.ok((await chat(client, question)).choices.length);
    });
    await kill();
    const limited = await start('--requests-per-second', '1');
    await chat(limited.client, 'a');
    await assert.rejects(chat(limited.client, 'b'), OpenAI.RateLimitError);
  });

  it('has quirks by options, and a fault from one request to another', async () => {
    const { client, baseURL } = await start('--quirk', 'models-405', '--quirk', 'no-tuning');
    await assert.rejects(client.models.list(), { status: 405 });
    await assert.rejects(client.files.list(), { status: 404 });
    const spoil = (fault?: Fault) =>
      fetch(new URL('/__fault', baseURL), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ fault }),
      });
    await spoil({ status: 503 });
    await assert.rejects(chat(client, 'a'), { status: 503 });
    await spoil();
    await chat(client, 'a');
  });

  it('goes on after kill -9 with its files, jobs, models, batches and journal', async () => {
    const port = String(await portForLater());
    const state = ['--state', folder.path, '--job-script', 'queues', '--port', port];
    const first = await start(...state);
    const { jobs } = first.client.fineTuning;
    const training_file = (await upload(first.client, trainingFile(30))).id;
    const done = await jobs.create({ model: MODEL, training_file });
    for (let job = done; job.status !== 'succeeded'; ) job = await jobs.retrieve(done.id);
    const going = await jobs.create({ model: MODEL, training_file, metadata: { key: 'a' } });
    assert.equal((await jobs.retrieve(going.id)).status, 'queued');
    const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions' };
    const body = { model: MODEL, messages: ask('thing') };
    const batch = await first.client.batches.create({
      input_file_id: (await upload(first.client, JSON.stringify({ ...line, body }), 'batch')).id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    await chat(first.client, 'a');
    const before = await journalOf(first.baseURL);
    await kill();

    const { client, baseURL } = await start(...state);
    assert.equal(baseURL, first.baseURL);
    assert.deepEqual(await journalOf(baseURL), before);
    const again = client.fineTuning.jobs;
    const listed = [];
    for await (const job of again.list({ metadata: { key: 'a' } })) listed.push(job.id);
    assert.deepEqual(listed, [going.id]);
    const events = await again.listEvents(going.id);
    assert.equal(events.data.length, 2);
    for (const status of ['queued', 'queued', 'queued', 'running', 'succeeded'])
      assert.equal((await again.retrieve(going.id)).status, status);
    const tuned = (await again.retrieve(done.id)).fine_tuned_model!;
    await client.chat.completions.create({ model: tuned, messages: ask('thing') });
    assert.equal((await client.files.retrieve(training_file)).status, 'processed');
    assert.equal((await client.batches.retrieve(batch.id)).status, 'in_progress');
    await chat(client, 'a');
    const journal = await journalOf(baseURL);
    assert.equal(journal.at(-1)!.attempt, 2);
    assert.ok(journal.length > before.length);
    assert.equal(journal.at(-1)!.index, journal.length);
    const twin = await again.create({ model: MODEL, training_file, metadata: { key: 'a' } });
    assert.notEqual(twin.id, going.id);
  });
});
