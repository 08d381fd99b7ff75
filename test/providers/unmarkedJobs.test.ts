import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { OpenAITrainer } from '../../providers/openaiTrainer.ts';
import type { JobRequest } from '../../providers/trainer.ts';
import { type Provider, startProvider } from '../../testing/provider.ts';
import { endpointAt, failure, MODEL } from './support.ts';

const JOBS = '/fine_tuning/jobs';
const ROW = `${JSON.stringify({ messages: [{ role: 'assistant', content: 'plant' }] })}\n`;

describe('jobs at a provider that keeps no metadata', () => {
  let provider: Provider;
  let trainer: OpenAITrainer;
  let asked: JobRequest;
  let upload: (name: string) => Promise<string>;

  beforeEach(async () => {
    provider = await startProvider();
    provider.setQuirks(['job-no-metadata']);
    const endpoint = endpointAt(provider);
    trainer = new OpenAITrainer(endpoint);
    upload = async (name) => {
      const file = new File([ROW], name);
      return (await endpoint.client.files.create({ file, purpose: 'fine-tune' })).id;
    };
    const fileId = await upload('a.jsonl');
    const name = { key: 'run/1/warm-up/0f', suffix: 'r1-warm-up-0f' };
    asked = { ...name, model: MODEL, fileId, epochs: 2, batchSize: 8, seed: 7 };
  });
  afterEach(() => provider.close());

  const created = () => provider.journal.count(JOBS);
  const jobs = () => provider.jobs.all();
  const lose = async (request: JobRequest) => {
    provider.setFaults(({ method, path }) =>
      method === 'POST' && path === JOBS ? 'cut-after' : undefined,
    );
    await assert.rejects(trainer.adoptOrCreate(request), failure('Unreachable', { retried: true }));
    provider.setFaults(undefined);
    const [job] = jobs();
    assert.deepEqual(job!.metadata, null);
    return job!;
  };

  it('are found again by their file and what is echoed of the rest', async () => {
    const { id } = await lose(asked);
    const job = await trainer.adoptOrCreate(asked);
    assert.deepEqual([job.id, job.isRecognisable], [id, true]);
    assert.equal(created(), 1);
    assert.equal(await trainer.isListed(id, asked), true);
    assert.equal(await trainer.cancel(asked), 1);
    assert.equal(jobs()[0]!.status, 'cancelled');
  });

  it('are found again where a list by metadata is empty', async () => {
    const { id } = await lose(asked);
    provider.setQuirks([]);
    assert.equal((await trainer.adoptOrCreate(asked)).id, id);
  });

  it('are found again where a list by metadata is refused', async () => {
    const { id } = await lose(asked);
    const listed = new Set<string>();
    provider.setFaults(({ method, path, digest }) => {
      if (method !== 'GET' || path !== JOBS) return undefined;
      listed.add(digest);
      return listed.size === 1 ? { status: 422 } : undefined;
    });
    assert.equal((await trainer.adoptOrCreate(asked)).id, id);
  });

  it('are never those of other work', async () => {
    const first = await lose(asked);
    const others: Partial<JobRequest>[] = [
      { fileId: await upload('b.jsonl') },
      { model: 'all-minilm-l6-v2' },
      { epochs: 3 },
      { batchSize: 4 },
      { seed: 8 },
    ];
    for (const other of others) {
      const { id } = await trainer.adoptOrCreate({
        ...asked,
        ...other,
        key: JSON.stringify(other),
      });
      assert.notEqual(id, first.id);
    }
    assert.ok(jobs().every(({ status }) => status !== 'cancelled'));
    await trainer.cancel({ ...asked, seed: 9, key: 'another' });
    assert.ok(jobs().every(({ status }) => status !== 'cancelled'));
  });

  it('are told apart by their suffix where that is echoed', async () => {
    const job = await lose(asked);
    Object.assign(job, { user_provided_suffix: 'R1_warm_up_0F', seed: 0 });
    assert.equal((await trainer.adoptOrCreate(asked)).id, job.id);
    const other = { ...asked, key: 'run/2/warm-up/1f', suffix: 'r2-warm-up-1f' };
    assert.equal(await trainer.isListed(job.id, other), false);
  });

  it('say so where nothing tells whose they are; one that is known is cancelled all the same', async () => {
    const { id } = await trainer.adoptOrCreate(asked);
    Object.assign(jobs()[0]!, { training_file: undefined });
    assert.equal((await trainer.poll(id, asked)).isRecognisable, false);
    assert.equal(await trainer.cancel(asked), 0);
    assert.equal(await trainer.cancel(asked, id), 1);
    assert.equal(jobs()[0]!.status, 'cancelled');
  });

  for (const status of [400, 422])
    it(`are made without where it is refused with ${status}`, async () => {
      provider.setFaults(({ method, path, metadata }) =>
        method === 'POST' && path === JOBS && metadata ? { status } : undefined,
      );
      const { id, isRecognisable } = await trainer.adoptOrCreate(asked);
      assert.deepEqual([jobs()[0]!.id, jobs()[0]!.metadata, isRecognisable], [id, null, true]);
      assert.equal((await trainer.adoptOrCreate(asked)).id, id);
      assert.equal(jobs().length, 1);
    });
});
