import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, describe, it } from 'mocha';
import type OpenAI from 'openai';
import { watchJob } from '../../activities/watchJob.ts';
import type { FailureType } from '../../core/failures.ts';
import type { Progress } from '../../core/status.ts';
import { jobState } from '../../providers/jobState.ts';
import { type Job, keyed, type RemoteJobs } from '../../providers/remoteJobs.ts';
import type { BatchState } from '../../testing/batches.ts';
import { type Provider, startProvider } from '../../testing/provider.ts';
import { endpointAt, failure, MODEL } from '../providers/support.ts';
import { useTemporal } from '../support/suite.ts';

interface Answers {
  /** Files of answers and of errors. */
  files: string[];
  isWhole: boolean;
}

const logger = new DefaultLogger('ERROR');
const WORDS = { job: 'batch', result: 'files', unit: 'requests' };

/** Batches of requests as remote jobs: what is answered of one that expired is kept. */
function batchesOf(client: OpenAI): RemoteJobs<object, Answers> {
  const told = (batch: OpenAI.Batch): Job<Answers> => {
    const files = [batch.output_file_id, batch.error_file_id].filter((file) => file !== undefined);
    const { completed = 0, failed = 0, total = 0 } = batch.request_counts ?? {};
    const state = jobState(batch.status);
    const isOver = state === 'succeeded' || (files.length > 0 && batch.status === 'expired');
    return {
      ...{ id: batch.id, detail: batch.status, isRecognisable: batch.metadata?.key !== undefined },
      state: isOver ? 'succeeded' : state,
      ...(isOver && { result: { files, isWhole: completed === total } }),
      ...{ step: completed + failed, totalSteps: total, mark: `${completed + failed}` },
      message: batch.errors?.data?.map(({ message }) => message).join('; '),
    };
  };
  const all = async (key: string) => {
    const found: OpenAI.Batch[] = [];
    for await (const batch of client.batches.list())
      if (batch.metadata?.key === key) found.push(batch);
    return found;
  };
  return {
    async adoptOrCreate({ key, fileId }) {
      const [known] = await all(key);
      const wanted = { endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
      const metadata = { key };
      return told(
        known ?? (await client.batches.create({ ...wanted, metadata, input_file_id: fileId })),
      );
    },
    poll: async (id) => told(await client.batches.retrieve(id)),
    isListed: async (id, { key }) => (await all(key)).some((batch) => batch.id === id),
    async cancel({ key }) {
      const going = await all(key);
      for (const { id } of going) await client.batches.cancel(id);
      return going.length;
    },
  };
}

describe('the watch over a job that is no fine-tuning: a batch', () => {
  const temporal = useTemporal();
  let provider: Provider;

  afterEach(() => provider.close());

  /** Starts a batch that goes through these states, and watches it. */
  async function watch(batchScript: BatchState[], lines: string[]) {
    provider = await startProvider({ batchScript });
    const endpoint = endpointAt(provider, { pollSeconds: 0.01 });
    const jobs = batchesOf(endpoint.client);
    const file = new File([lines.join('\n')], 'requests.jsonl');
    const { id: fileId } = await endpoint.client.files.create({ file, purpose: 'batch' });
    const order = { ...keyed({ lines }, { path: ['run'], label: 'answers' }), fileId };
    const { id: jobId } = await jobs.adoptOrCreate(order);
    assert.equal((await jobs.adoptOrCreate(order)).id, jobId);
    const surroundings = new MockActivityEnvironment({}, { client: temporal.client, logger });
    const told: Progress[] = [];
    surroundings.on('heartbeat', (progress: Progress) => told.push(progress));
    const watched = surroundings.run(() =>
      watchJob(jobs, { jobId, order, words: WORDS }, endpoint.config),
    ) as ReturnType<typeof watchJob<object, Answers>>;
    return { sighting: await watched, told };
  }

  const requests = Array.from({ length: 10 }, (_, index) =>
    JSON.stringify({
      ...{ custom_id: `${index}`, method: 'POST', url: '/v1/chat/completions' },
      body: { model: MODEL, messages: [{ role: 'user', content: `question ${index}` }] },
    }),
  );

  it('ends with what came of it, and counts in its own unit', async () => {
    const states = ['validating', 'in_progress', 'finalizing', 'completed'];
    const { sighting, told } = await watch(states, requests);
    assert.equal(sighting.state, 'finished');
    assert.ok(sighting.result.isWhole && sighting.result.files.length === 1);
    assert.ok(told.every(({ unit }) => unit === 'requests'));
  });

  it('ends with the part that there is', async () => {
    const { sighting } = await watch(['in_progress', 'expired'], requests);
    assert.equal(sighting.state, 'finished');
    assert.ok(!sighting.result.isWhole && sighting.result.files.length > 0);
  });

  it('calls it what it is where it fails', async () => {
    const watching = watch(['validating', 'failed'], ['no request']);
    await assert.rejects(watching, (error: Error) => {
      assert.match(error.message, /^batch batch_\S+ failed: /);
      return failure('JobFailed' satisfies FailureType, { retried: false })(error);
    });
  });
});
