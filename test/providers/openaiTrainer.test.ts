import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { OpenAITrainer } from '../../providers/openaiTrainer.ts';
import type { JobRequest, TrainingFile } from '../../providers/trainer.ts';
import type { Fault } from '../../testing/faults.ts';
import { type Provider, startProvider } from '../../testing/provider.ts';
import { endpointAt, failure, MODEL } from './support.ts';

const CHAT = '/chat/completions';
const FILES = '/files';
const JOBS = '/fine_tuning/jobs';
const row = (answer: string) =>
  `${JSON.stringify({ messages: [{ role: 'assistant', content: answer }] })}\n`;

describe('the trainer over the wire of OpenAI', () => {
  let provider: Provider;
  let trainer: OpenAITrainer;
  let folder: string;
  beforeEach(async () => {
    provider = await startProvider();
    trainer = trainerAt(provider);
    folder = await mkdtemp(join(tmpdir(), 'semievol-trainer-'));
  });
  afterEach(async () => {
    await provider.close();
    await rm(folder, { recursive: true });
  });

  const trainerAt = (at: Provider, more?: object) => new OpenAITrainer(endpointAt(at, more));
  const upload = (file: TrainingFile, by = trainer) => by.upload(file, `${file.sha256}.jsonl`);
  const created = () => provider.journal.count(JOBS);
  const jobs = () => provider.jobs.all();
  const statusOf = (id: string) => jobs().find((job) => job.id === id)?.status;

  async function trainingFile(content: string): Promise<TrainingFile> {
    const path = join(folder, 'train.jsonl');
    await writeFile(path, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { path, sha256, bytes: Buffer.byteLength(content) };
  }
  async function request(more: Partial<JobRequest> = {}): Promise<JobRequest> {
    const fileId = await upload(await trainingFile(row('plant')));
    return { key: 'run/1/warm-up', model: MODEL, fileId, epochs: 2, seed: 7, suffix: 'w', ...more };
  }
  /** A job of the same key that somebody else makes, `age` seconds older than now. */
  function twin({ key, model, fileId }: JobRequest, age: number) {
    const job = provider.jobs.create({
      model,
      training_file: fileId,
      metadata: { semievol_key: key },
    });
    job.created_at -= age;
    return job;
  }

  describe('uploads', () => {
    it('a content once, whole, and finds it again', async () => {
      const file = await trainingFile(row('plant') + row('Öl\u2028食べ物'));
      const id = await upload(file);
      assert.equal(await upload(file), id);
      assert.equal(await upload(file, trainerAt(provider)), id, 'another worker finds it, too');
      assert.equal(provider.journal.count(FILES), 1);
      const content = await endpointAt(provider).client.files.content(id);
      const hash = createHash('sha256').update(await content.text());
      assert.equal(hash.digest('hex'), file.sha256);

      assert.notEqual(await upload(await trainingFile(row('food'))), id);
      assert.equal(provider.journal.count(FILES), 2);
    });

    it('again what was cut off before it arrived, and finds what was cut off after', async () => {
      const file = await trainingFile(row('plant'));
      for (const fault of ['cut-before', 'cut-after'] as const) {
        provider.setFaults(({ method }) => (method === 'POST' ? fault : undefined));
        await assert.rejects(upload(file), failure('Unreachable', { retried: true }));
      }
      provider.setFaults(undefined);
      await upload(file);
      assert.equal(provider.journal.count(FILES), 2, 'one attempt each, and none for the third');
    });

    it('nothing for as long as the list of files cannot be read', async () => {
      const file = await trainingFile(row('plant'));
      const unread = failure('UnreadableAnswer', { retried: true });
      provider.setFaults(({ method }) => (method === 'GET' ? 'wrong-type' : undefined));
      await assert.rejects(upload(file), unread);
      assert.equal(provider.journal.count(FILES), 0);
      provider.setFaults(({ method }) => (method === 'POST' ? 'wrong-type' : undefined));
      await assert.rejects(upload(file), unread);
      provider.setFaults(undefined);
      await upload(file);
      assert.equal(provider.journal.count(FILES), 1);
    });

    it('anew what the provider could not use', async () => {
      const file = await trainingFile(row('plant'));
      const first = await upload(file);
      const { data } = await endpointAt(provider).client.files.list();
      const body = { object: 'list', data: [{ ...data[0], status: 'error' }], has_more: false };
      provider.setFaults(({ method }) => (method === 'GET' ? { status: 200, body } : undefined));
      assert.notEqual(await upload(file), first);
    });

    it('for longer than other requests may take', async () => {
      const impatient = new OpenAITrainer(endpointAt(provider, { requestTimeoutSeconds: 0.5 }));
      provider.setFaults(({ method }) => (method === 'POST' ? { slowMs: 1_000 } : undefined));
      await upload(await trainingFile(row('plant')), impatient);
      assert.equal(provider.journal.count(FILES), 1);
    });
  });

  describe('adopts or creates', () => {
    it('a job that carries what was asked', async () => {
      const asked = await request({ batchSize: 8, learningRateMultiplier: 0.5 });
      const { id, state } = await trainer.adoptOrCreate(asked);
      assert.equal(state, 'pending');
      const [job] = jobs();
      assert.equal(job!.id, id);
      assert.deepEqual(job!.metadata, { semievol_key: asked.key });
      assert.equal(job!.seed, 7);
      assert.deepEqual(job!.method?.supervised?.hyperparameters, {
        n_epochs: 2,
        batch_size: 8,
        learning_rate_multiplier: 0.5,
      });
    });

    for (const status of ['queued', 'paused', 'running', 'succeeded'])
      it(`takes up a job of the key that is ${status}`, async () => {
        const asked = await request();
        const { id } = await trainer.adoptOrCreate(asked);
        provider.jobs.finish(id, status);
        assert.equal((await trainerAt(provider).adoptOrCreate(asked)).id, id);
        assert.equal(created(), 1);
      });

    for (const status of ['failed', 'cancelled'])
      it(`makes a new one where the only one has ${status}`, async () => {
        const asked = await request();
        const { id } = await trainer.adoptOrCreate(asked);
        provider.jobs.finish(id, status);
        assert.notEqual((await trainer.adoptOrCreate(asked)).id, id);
        assert.equal(created(), 2);
      });

    it('takes up a job whose model has no name yet, for a while', async () => {
      const asked = await request();
      const { id } = await trainer.adoptOrCreate(asked);
      provider.jobs.finish(id, { status: 'succeeded', fine_tuned_model: null });
      const patient = trainerAt(provider, { finalAfterSeconds: 120 });
      assert.equal((await patient.adoptOrCreate(asked)).id, id);
      provider.jobs.get(id).finished_at! -= 121;
      assert.notEqual((await patient.adoptOrCreate(asked)).id, id);
    });

    it('takes up no job that is being cancelled', async () => {
      const asked = await request();
      const { id } = await trainer.adoptOrCreate(asked);
      provider.jobs.finish(id, 'cancel_requested');
      assert.notEqual((await trainer.adoptOrCreate(asked)).id, id);
    });

    it('none for as long as the list of jobs cannot be read', async () => {
      const wanted = await request();
      const excuse = { status: 200, body: { error: { message: 'Please wait.' } } };
      for (const [fault, type] of [
        ['wrong-type', 'UnreadableAnswer'],
        [excuse, 'EndpointError'],
      ] as const) {
        provider.setFaults(({ method }) => (method === 'GET' ? fault : undefined));
        const unread = failure(type, { retried: true });
        await assert.rejects(trainer.adoptOrCreate(wanted), unread);
        await assert.rejects(trainer.cancel(wanted), unread);
      }
      assert.equal(created(), 0);
    });

    it('one, though the answer to its creation cannot be read', async () => {
      const wanted = await request();
      provider.setFaults(({ method }) => (method === 'POST' ? 'wrong-type' : undefined));
      const { id } = await trainer.adoptOrCreate(wanted);
      assert.deepEqual(
        jobs().map((job) => job.id),
        [id],
      );
    });

    it('never the job of another key', async () => {
      const asked = await request();
      const { id } = await trainer.adoptOrCreate(asked);
      assert.notEqual((await trainer.adoptOrCreate({ ...asked, key: 'run/2/warm-up' })).id, id);
      assert.ok(jobs().every(({ status }) => status !== 'cancelled'));
    });

    it('the job that a lost answer was about: one job', async () => {
      const asked = await request();
      provider.setFaults(({ method }) => (method === 'POST' ? 'cut-after' : undefined));
      await assert.rejects(trainer.adoptOrCreate(asked), failure('Unreachable', { retried: true }));
      assert.equal(created(), 1, 'the client does not send it again by itself');
      provider.setFaults(undefined);
      const { id } = await trainer.adoptOrCreate(asked);
      assert.deepEqual(
        jobs().map((job) => job.id),
        [id],
      );
      assert.equal(created(), 1);
    });

    for (const status of [409, 429, 500])
      it(`with one request, also after a ${status}`, async () => {
        const asked = await request();
        provider.setFaults(({ method }) => (method === 'POST' ? { status } : undefined));
        await assert.rejects(
          trainer.adoptOrCreate(asked),
          failure('EndpointError', { retried: true }),
        );
        assert.equal(created(), 1);
      });

    it('and of two that came about keeps the oldest', async () => {
      const asked = await request();
      const [newest, oldest, middle] = [0, 20, 10].map((age) => twin(asked, age));
      assert.equal((await trainer.adoptOrCreate(asked)).id, oldest!.id);
      assert.deepEqual(
        [newest, oldest, middle].map((job) => statusOf(job!.id)),
        ['cancelled', 'validating_files', 'cancelled'],
      );
      assert.equal(created(), 0);
    });

    it('and gives way to an older one that arrives while it creates', async () => {
      const asked = await request();
      let late: { id: string } | undefined;
      provider.setFaults(({ method, path }) => {
        if (method === 'POST' && path === JOBS) late = twin(asked, 20);
        return undefined;
      });
      const { id } = await trainer.adoptOrCreate(asked);
      assert.equal(id, late!.id);
      assert.deepEqual(
        jobs().map((job) => [job.id === id, job.status]),
        [
          [false, 'cancelled'],
          [true, 'validating_files'],
        ],
      );
    });

    it('though a twin ends just before it is cancelled', async () => {
      const asked = await request();
      const oldest = twin(asked, 20);
      const other = twin(asked, 0);
      provider.setFaults(({ path }) => {
        if (path.endsWith('/cancel')) provider.jobs.finish(other.id, 'succeeded');
        return undefined;
      });
      assert.equal((await trainer.adoptOrCreate(asked)).id, oldest.id);
    });

    it('fails for good where the model is unknown', async () => {
      const asked = await request({ model: 'no-such-model' });
      await assert.rejects(trainer.adoptOrCreate(asked), failure('BadRequest', { retried: false }));
    });
  });

  describe('cancels', () => {
    it('every job of the key that goes on, and no other', async () => {
      const asked = await request();
      const going = [twin(asked, 20), twin(asked, 0)];
      const done = twin(asked, 30);
      provider.jobs.finish(done.id, 'succeeded');
      const other = twin({ ...asked, key: 'another' }, 0);
      assert.equal(await trainer.cancel(asked), 2);
      assert.deepEqual(
        [...going, done, other].map(({ id }) => statusOf(id)),
        ['cancelled', 'cancelled', 'succeeded', 'validating_files'],
      );
      assert.equal(await trainer.cancel(asked), 0);
    });

    it('nothing where a job ends at that moment', async () => {
      const asked = await request();
      const { id } = twin(asked, 0);
      provider.setFaults(({ path }) => {
        if (path.endsWith('/cancel')) provider.jobs.finish(id, 'succeeded');
        return undefined;
      });
      assert.equal(await trainer.cancel(asked), 0);
      assert.equal(statusOf(id), 'succeeded');
    });
  });

  describe('does not take for cancelled', () => {
    const onCancel = (fault: Fault) =>
      provider.setFaults(({ path }) => (path.endsWith('/cancel') ? fault : undefined));

    it('a job that goes on, whatever the provider says', async () => {
      const asked = await request();
      const { id } = twin(asked, 0);
      onCancel({ status: 400 });
      await assert.rejects(trainer.cancel(asked), (error: Error) => {
        assert.match(error.message, new RegExp(`job ${id}, which is \\w+, is not`));
        return failure('NotCancelled', { retried: true })(error);
      });
      onCancel('wrong-type');
      await assert.rejects(trainer.cancel(asked), failure('UnreadableAnswer', { retried: true }));
      // It was done, and nobody told.
      provider.setFaults(undefined);
      assert.equal(await trainer.cancel(asked), 0);
      assert.equal(statusOf(id), 'cancelled');
    });
  });

  describe('polls', () => {
    async function started() {
      const asked = await request();
      const { id } = await trainer.adoptOrCreate(asked);
      return { id, look: () => trainer.poll(id, asked) };
    }

    const states = {
      validating_files: 'pending',
      queued: 'pending',
      pausing: 'pending',
      paused: 'pending',
      'a-status-of-next-year': 'pending',
      running: 'running',
      succeeded: 'succeeded',
      failed: 'failed',
      cancelled: 'cancelled',
    };
    for (const [status, state] of Object.entries(states))
      it(`a job that is ${status}`, async () => {
        const { id, look } = await started();
        provider.jobs.finish(id, status);
        const job = await look();
        assert.deepEqual([job.id, job.state, job.detail], [id, state, status]);
        assert.equal(job.message, status === 'failed' ? 'The job failed.' : undefined);
        assert.equal(job.model?.startsWith('ft:') ?? false, status === 'succeeded');
        assert.equal(job.trainedTokens > 0, status === 'succeeded');
        const progress = status === 'running' ? [10, 10, 0.182] : [undefined, undefined, undefined];
        assert.deepEqual([job.step, job.totalSteps, job.loss], progress);
      });

    it('a running job that gives no events', async () => {
      const { id, look } = await started();
      provider.jobs.finish(id, 'running');
      provider.setFaults(({ path }) => (path.endsWith('/events') ? { status: 404 } : undefined));
      assert.equal((await look()).state, 'running');
    });

    it('a job that succeeded without a model', async () => {
      const { id, look } = await started();
      provider.jobs.finish(id, { status: 'succeeded', fine_tuned_model: null });
      const job = await look();
      assert.deepEqual([job.state, job.model], ['succeeded', undefined]);
    });

    it('a job whose model answers late, until it does', async () => {
      const { id, look } = await started();
      provider.jobs.finish(id, 'succeeded');
      const message = `The model ${provider.jobs.get(id).fine_tuned_model} does not exist.`;
      for (const body of [undefined, { error: { message } }]) {
        provider.setFaults(({ path, model }) =>
          path === CHAT && model !== MODEL ? { status: 404, body } : undefined,
        );
        const { state, detail } = await look();
        assert.deepEqual(
          [state, detail],
          ['pending', 'succeeded, but its model does not answer yet'],
        );
      }
      provider.setFaults(undefined);
      assert.equal((await look()).state, 'succeeded');
    });

    for (const status of [400, 401, 404, 500])
      it(`a job of a server that serves no models: ${status}`, async () => {
        const { id, look } = await started();
        provider.jobs.finish(id, 'succeeded');
        provider.setFaults(({ path }) => (path === CHAT ? { status } : undefined));
        assert.equal((await look()).state, 'succeeded');
      });

    it('a job that was deleted under our feet', async () => {
      const { id, look } = await started();
      provider.jobs.remove(id);
      assert.equal((await look()).state, 'vanished');
    });

    it('again after what is no job', async () => {
      const { look } = await started();
      provider.setFaults(() => 'wrong-type');
      await assert.rejects(look(), failure('UnreadableAnswer', { retried: true }));
    });

    it('again after an error of the server', async () => {
      const { look } = await started();
      provider.setFaults(({ attempt }) =>
        attempt === 1 ? { status: 503, headers: { 'retry-after-ms': '1' } } : undefined,
      );
      assert.equal((await look()).state, 'pending');
    });
  });
});
