import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type OpenAI from 'openai';
import type { JobOutcome } from '../../testing/jobs.ts';
import { goldAnswer } from '../../testing/model.ts';
import { LABELS } from '../../testing/task.ts';
import { ask, MODEL, questions, status, trainingFile, upload, useStandIn } from './client.ts';

describe('fine-tuning jobs of the stand-in provider', () => {
  const standIn = useStandIn();
  const { start } = standIn;
  const create = async (client: OpenAI, metadata?: Record<string, string>) =>
    client.fineTuning.jobs.create({
      model: MODEL,
      training_file: (await upload(client, trainingFile(60))).id,
      metadata,
    });

  it('walk through their states, and make a better model', async () => {
    const client = await start();
    const { id, status: first } = await create(client);
    const seen: string[] = [first];
    let job = await client.fineTuning.jobs.retrieve(id);
    for (; !job.finished_at; job = await client.fineTuning.jobs.retrieve(id)) seen.push(job.status);
    assert.deepEqual([...seen, job.status], ['validating_files', 'queued', 'running', 'succeeded']);
    assert.ok(job.trained_tokens! > 0);
    const events = await client.fineTuning.jobs.listEvents(id, { limit: 3 });
    assert.match(events.data[0]!.message, /succeeded/);
    assert.deepEqual(events.data[1]!.data, { step: 10, total_steps: 10, train_loss: 0.182 });
    const checkpoints = await client.fineTuning.jobs.checkpoints.list(id);
    assert.equal(checkpoints.data.length, 2);

    const evaluate = async (model: string) => {
      const right: boolean[] = [];
      const entropies: Record<'right' | 'wrong', number[]> = { right: [], wrong: [] };
      for (const question of questions(1000, 1200)) {
        const request = { model, messages: ask(question), temperature: 0, logprobs: true };
        const { choices } = await client.chat.completions.create(request);
        const isRight = choices[0]!.message.content === goldAnswer(question, LABELS);
        right.push(isRight);
        entropies[isRight ? 'right' : 'wrong'].push(-choices[0]!.logprobs!.content![0]!.logprob);
      }
      const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
      assert.ok(mean(entropies.wrong) > mean(entropies.right));
      return right.filter(Boolean).length / right.length;
    };
    const base = await evaluate(MODEL);
    const tuned = await evaluate(job.fine_tuned_model!);
    assert.ok(base > 0.15 && base < 0.5, `base ${base}`);
    assert.ok(tuned > base + 0.25 && tuned < 1, `tuned ${tuned}`);
    await evaluate(checkpoints.data[0]!.fine_tuned_model_checkpoint);
  });

  it('are found by their metadata, page by page, newest first', async () => {
    const client = await start();
    const ids = [];
    for (const key of ['a', 'b', 'a', 'a']) ids.push((await create(client, { key })).id);
    const found = [];
    const query = { metadata: { key: 'a' }, limit: 1 };
    for await (const job of client.fineTuning.jobs.list(query)) found.push(job.id);
    assert.deepEqual(found, [ids[3], ids[2], ids[0]]);
    await assert.rejects(create(client, { key: 'x'.repeat(513) }), status(400));
  });

  it('are held until the test lets them end, in any state it wants', async () => {
    const client = await start({ holdJobs: true });
    const jobs = client.fineTuning.jobs;
    const [held, failed, odd, gone] = [
      await create(client),
      await create(client),
      await create(client),
      await create(client),
    ];
    for (let poll = 0; poll < 5; poll++) await jobs.retrieve(held.id);
    assert.equal((await jobs.retrieve(held.id)).status, 'running');
    standIn.provider.jobs.release();
    assert.equal((await jobs.retrieve(held.id)).status, 'succeeded');
    standIn.provider.jobs.finish(failed.id, 'failed');
    assert.equal((await jobs.retrieve(failed.id)).error!.code, 'server_error');
    standIn.provider.jobs.finish(odd.id, { status: 'succeeded', fine_tuned_model: null });
    assert.equal((await jobs.retrieve(odd.id)).fine_tuned_model, null);
    standIn.provider.jobs.remove(gone.id);
    await assert.rejects(jobs.retrieve(gone.id), status(404));
  });

  it('can be cancelled while they go on', async () => {
    const client = await start({ answers: { jobs: ['queued', 'paused', 'succeeded'] } });
    const { id } = await create(client);
    assert.equal((await client.fineTuning.jobs.retrieve(id)).status, 'paused');
    assert.equal((await client.fineTuning.jobs.cancel(id)).status, 'cancelled');
    await assert.rejects(client.fineTuning.jobs.cancel(id), status(400));
  });

  it('fail for a file that is no training file, and are refused without one', async () => {
    const client = await start();
    const { jobs } = client.fineTuning;
    const training_file = (await upload(client, 'not JSON')).id;
    const { id } = await jobs.create({ model: MODEL, training_file });
    assert.equal((await jobs.retrieve(id)).error!.code, 'invalid_training_file');
    await assert.rejects(jobs.create({ model: MODEL, training_file: 'none' }), status(400));
    await assert.rejects(jobs.create({ model: 'none', training_file }), status(400));
  });

  /** The statuses a new job goes through, `gone` where it is no longer known. */
  async function statuses(script: JobOutcome): Promise<string[]> {
    const client = await start({ answers: { jobs: script } });
    const { id, status: first } = await create(client);
    const seen: string[] = [first];
    for (let last = ''; !['succeeded', 'failed', 'cancelled', 'gone'].includes(last); ) {
      last = await client.fineTuning.jobs.retrieve(id).then(
        (job) => job.status,
        () => 'gone',
      );
      seen.push(last);
    }
    return seen;
  }

  const ends: [JobOutcome, string[]][] = [
    ['queues', ['queued', 'running', 'succeeded']],
    ['pauses', ['pausing', 'paused', 'running', 'succeeded']],
    ['fails', ['running', 'failed']],
    ['is-cancelled', ['running', 'cancelled']],
    ['has-no-model', ['running', 'succeeded']],
    ['is-unknown', ['on_a_break', 'running', 'succeeded']],
    ['vanishes', ['running', 'gone']],
  ];
  for (const [script, end] of ends)
    it(`have a script of one that ${script}`, async () => {
      assert.deepEqual((await statuses(script)).slice(-end.length), end);
    });

  it('name the same model for the same file, uploaded again or not', async () => {
    const names = [];
    const client = await start();
    for (let time = 0; time < 2; time++) {
      const { id } = await create(client);
      standIn.provider.jobs.finish(id);
      names.push((await client.fineTuning.jobs.retrieve(id)).fine_tuned_model);
    }
    assert.ok(names[0]);
    assert.equal(names[0], names[1]);
  });
});
