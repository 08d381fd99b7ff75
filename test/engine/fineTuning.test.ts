import assert from 'node:assert/strict';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import type OpenAI from 'openai';
import { lookUntil } from '../support/lookUntil.ts';
import {
  BASE,
  collect,
  jsonl,
  losses,
  type RunningEngine,
  start,
  stop,
  trainingRows,
  upload,
  waitForJob,
} from './support.ts';

const supervised = (hyperparameters: object) => ({
  type: 'supervised' as const,
  supervised: { hyperparameters },
});

describe('engine: files and fine-tuning', () => {
  let running: RunningEngine;
  let client: OpenAI;
  let trained: OpenAI.FineTuning.FineTuningJob;

  const create = async (
    body: Partial<OpenAI.FineTuning.JobCreateParams>,
    rows = trainingRows(8),
  ) => {
    const training_file = await upload(client, jsonl(rows));
    return client.fineTuning.jobs.create({ model: BASE, seed: 1, training_file, ...body });
  };

  before(async () => {
    running = await start();
    client = running.client;
  });
  after(() => stop(running));

  it('keeps files until they are deleted', async () => {
    const content = jsonl(trainingRows(2));
    const id = await upload(client, content);
    const { bytes, filename, purpose } = await client.files.retrieve(id);
    assert.deepEqual(
      { bytes, filename, purpose },
      { bytes: content.length, filename: 'train.jsonl', purpose: 'fine-tune' },
    );
    assert.equal(await (await client.files.content(id)).text(), content);
    assert.ok((await client.files.list()).data.some((file) => file.id === id));
    assert.equal((await client.files.delete(id)).deleted, true);
    await assert.rejects(client.files.retrieve(id), { status: 404 });
  });

  it('refuses a file with the number of the line at fault', async () => {
    const good = jsonl(trainingRows(2));
    for (const [content, message] of [
      [`${good}\n{"messages": "hello"}`, /Line 3: messages/],
      [`${good}\n\nnot json`, /Line 4: not JSON/],
      [
        '{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}',
        /Line 1: .*assistant/,
      ],
      ['', /no rows/],
    ] as const) {
      await assert.rejects(upload(client, content), { status: 400, message });
    }
    const unfit = new File([good], 'a.jsonl');
    const other = client.files.create({ file: unfit, purpose: 'batch' });
    await assert.rejects(other, { status: 400, param: 'purpose' });
  });

  it('fine-tunes a model that has learned, and its checkpoints', async () => {
    const job = await create({
      suffix: 'colours',
      metadata: { key: 'colours' },
      method: supervised({ n_epochs: 3 }),
    });
    assert.equal(job.object, 'fine_tuning.job');
    trained = await waitForJob(client, job.id);
    assert.equal(trained.status, 'succeeded');
    assert.match(trained.fine_tuned_model!, /^ft:smollm2-135m-instruct:colours:\w+$/);
    assert.deepEqual(trained.hyperparameters, {
      n_epochs: 3,
      batch_size: 4,
      learning_rate_multiplier: 1,
    });
    assert.ok(trained.trained_tokens! > 100);

    const reported = await losses(client, job.id);
    assert.equal(reported.length, 6);
    assert.ok(reported.at(-1)! < reported[0]! / 2);

    const checkpoints = await collect(client.fineTuning.jobs.checkpoints.list(job.id));
    assert.deepEqual(
      checkpoints.map(({ step_number }) => step_number),
      [4, 2],
    );
    const names = (await client.models.list()).data.map(({ id }) => id);
    const models = [trained.fine_tuned_model!, checkpoints[0]!.fine_tuned_model_checkpoint];
    for (const model of models) {
      assert.ok(names.includes(model));
      const { choices } = await client.chat.completions.create({
        model,
        messages: trainingRows(2)[1]!.messages.slice(0, 2),
        temperature: 0,
        max_tokens: 4,
      });
      assert.match(choices[0]!.message.content!, /^(blue|green)$/);
    }
  });

  it('switches between models without mixing them up', async () => {
    const answer = async (model: string) => {
      const { choices } = await client.chat.completions.create({
        model,
        messages: [{ role: 'user', content: 'What is the capital of France?' }],
        temperature: 0,
        max_tokens: 5,
        logprobs: true,
      });
      return choices[0]!.logprobs!.content!.map(({ logprob }) => logprob.toFixed(2));
    };
    const models = [BASE, trained.fine_tuned_model!, BASE, trained.fine_tuned_model!];
    const [a, b, c, d] = await Promise.all(models.map(answer));
    assert.deepEqual(a, c);
    assert.deepEqual(b, d);
    assert.notDeepEqual(a, b);
  });

  it('goes on from a fine-tuned model', async () => {
    const job = await create({
      model: trained.fine_tuned_model!,
      method: supervised({ n_epochs: 1 }),
    });
    assert.equal((await waitForJob(client, job.id)).status, 'succeeded');
    const [first] = await losses(client, job.id);
    assert.ok(first! < (await losses(client, trained.id))[0]! / 2);
  });

  it('finds jobs by metadata and pages through them, newest first', async () => {
    const found = await client.fineTuning.jobs.list({ metadata: { key: 'colours' } });
    assert.deepEqual(
      found.data.map(({ id }) => id),
      [trained.id],
    );
    assert.equal((await client.fineTuning.jobs.list({ metadata: { key: 'x' } })).data.length, 0);
    const all = await collect(client.fineTuning.jobs.list({ limit: 1 }));
    assert.ok(all.length >= 2);
    assert.equal(all.at(-1)!.id, trained.id);
  });

  it('runs one job at a time; cancelling works on the one that runs and on one that waits', async () => {
    const long = { method: supervised({ n_epochs: 50 }) };
    const [first, second] = [await create(long), await create(long)];
    await waitForJob(client, first.id, ({ status }) => status === 'running');
    assert.equal((await client.fineTuning.jobs.retrieve(second.id)).status, 'queued');
    for (const { id } of [second, first]) {
      const { status, finished_at } = await client.fineTuning.jobs.cancel(id);
      assert.equal(status, 'cancelled');
      assert.ok(finished_at);
    }
    const next = await create({ method: supervised({ n_epochs: 1 }) });
    assert.equal((await waitForJob(client, next.id)).status, 'succeeded');
    assert.equal((await client.fineTuning.jobs.cancel(next.id)).status, 'succeeded');
    assert.equal((await client.fineTuning.jobs.retrieve(first.id)).status, 'cancelled');
  });

  it('fails a job whose trainer dies, with its last lines', async () => {
    const rows = trainingRows(1);
    rows[0]!.messages[1]!.content = 'word '.repeat(2000);
    const failed = await waitForJob(client, (await create({}, rows)).id);
    assert.equal(failed.status, 'failed');
    assert.match(failed.error!.message, /Every row is longer than 1024 tokens/);
    assert.equal(failed.fine_tuned_model, null);
  });

  it('fails a job that diverges, and a request to a model that has', async () => {
    const diverging = (n_epochs: number) =>
      create({ method: supervised({ n_epochs, learning_rate_multiplier: 1e30 }) });
    const failed = await waitForJob(client, (await diverging(1)).id);
    assert.equal(failed.status, 'failed');
    assert.match(failed.error!.message, /diverged at step 2: lower learningRateMultiplier/);

    // Its only step has a finite loss.
    const { fine_tuned_model } = await waitForJob(client, (await diverging(0.5)).id);
    const messages = [{ role: 'user' as const, content: 'Thing 1' }];
    const body = { model: fine_tuned_model!, messages, max_tokens: 2, logprobs: true };
    await assert.rejects(client.chat.completions.create(body), { code: 'model_diverged' });
    await client.chat.completions.create({ ...body, model: BASE });
  });

  it('outlives a job that cannot be written, and fails it once it can be', async () => {
    const lost = await create({ method: supervised({ n_epochs: 50 }) });
    await waitForJob(client, lost.id, ({ status }) => status === 'running');
    const folder = path.join(running.stateFolder, 'jobs', lost.id);
    // At once, while the job goes on writing into it.
    await rename(folder, path.join(running.stateFolder, 'lost'));
    const next = await create({ method: supervised({ n_epochs: 1 }) });
    assert.equal((await waitForJob(client, next.id)).status, 'succeeded');
    await mkdir(folder, { recursive: true });
    const { status, error } = await waitForJob(client, lost.id);
    assert.equal(status, 'failed');
    assert.match(error!.message, /ENOENT/);
  });

  it('refuses a job that could not run', async () => {
    const file = await upload(client, jsonl(trainingRows(2)));
    const { jobs } = client.fineTuning;
    const body = { model: BASE, training_file: file };
    await assert.rejects(jobs.create({ ...body, model: 'nope' }), { code: 'model_not_found' });
    await assert.rejects(jobs.create({ ...body, training_file: 'file-x' }), {
      status: 400,
      param: 'training_file',
    });
    await assert.rejects(jobs.create({ ...body, method: supervised({ batch_size: 0 }) }), {
      status: 400,
      param: 'method.supervised.hyperparameters.batch_size',
    });
    await assert.rejects(jobs.retrieve('ftjob-x'), { status: 404 });
  });

  it('takes up a job after a restart and ends as if nothing had happened', async () => {
    const request = { seed: 5, method: supervised({ n_epochs: 3 }) };
    const undisturbed = await waitForJob(client, (await create(request)).id);
    const { id } = await create(request);
    await lookUntil(
      () => losses(client, id),
      ({ length }) => length >= 2,
    );
    await running.engine.close();
    running = await start(running.stateFolder);
    client = running.client;
    const resumed = await waitForJob(client, id);
    assert.equal(resumed.status, 'succeeded');
    const [expected, actual] = [await losses(client, undisturbed.id), await losses(client, id)];
    assert.equal(actual.length, expected.length);
    for (const [i, loss] of expected.entries()) assert.ok(Math.abs(loss - actual[i]!) < 1e-3);
    await client.models.retrieve(resumed.fine_tuned_model!);
    await client.models.retrieve(trained.fine_tuned_model!);
  });
});
