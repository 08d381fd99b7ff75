import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { Endpoint } from '../../providers/endpoint.ts';
import type { JobState } from '../../testing/jobs.ts';
import { failedFor } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';
import { JOBS, jobOf, startFineTune, untilPending, untilPolled } from './support.ts';

const CHAT = '/chat/completions';

describe('a fine-tuning job of a provider with an accent', () => {
  const bench = useBench('suite', {}, { finalAfterSeconds: 5 });
  before(() => bench.startWorker());
  beforeEach(() => bench.provider.jobs.release());
  afterEach(() => {
    bench.provider.setFaults(undefined);
    bench.provider.setQuirks([]);
  });

  for (const quirk of ['job-completed', 'job-SUCCESS', 'model-later'] as const)
    it(`ends well: ${quirk}`, async () => {
      bench.provider.setQuirks([quirk]);
      const { model } = await (await startFineTune(bench, quirk)).result();
      const { client } = new Endpoint('here', bench.config.endpoints.local!);
      const asked = { model, messages: [{ role: 'user' as const, content: 'thing' }] };
      await client.chat.completions.create(asked, { maxRetries: 0 });
    });

  it('ends as cancelled: job-canceled', async () => {
    bench.provider.setQuirks(['job-canceled']);
    const handle = await startFineTune(bench, 'job-canceled');
    await assert.rejects(handle.result(), failedFor('JobCancelled'));
  });

  it('is waited for while its model does not answer, and that is shown', async () => {
    bench.provider.setFaults(({ path, model }) =>
      path === CHAT && model?.startsWith('ft:') ? { status: 404 } : undefined,
    );
    const handle = await startFineTune(bench, 'unserved');
    const words = 'succeeded, but its model does not answer yet';
    await untilPending(bench, 'unserved', ({ note }) => note === words);
    bench.provider.setFaults(undefined);
    assert.match((await handle.result()).model, /^ft:/);
  });

  it("is waited for while its model's name has not come yet", async () => {
    const { jobs } = bench.provider;
    jobs.hold();
    const handle = await startFineTune(bench, 'nameless');
    const { id } = await jobOf(bench, 'nameless');
    const nameless: JobState = { status: 'succeeded', fine_tuned_model: null };
    jobs.finish(id, nameless);
    await untilPolled(bench, id);
    jobs.finish(id, 'succeeded');
    assert.match((await handle.result()).model, /^ft:/);
  });

  it('is not taken for vanished while the list of jobs has it', async () => {
    const { jobs, requests, setFaults, until } = bench.provider;
    jobs.hold();
    const handle = await startFineTune(bench, 'listed');
    const { id } = await jobOf(bench, 'listed');
    setFaults(({ method, path }) =>
      method === 'GET' && path === `${JOBS}/${id}` ? { status: 404 } : undefined,
    );
    const listed = () => requests({ path: JOBS, method: 'GET', status: 200 }).length;
    const before = listed();
    await until(() => listed() >= before + 2);
    await untilPending(bench, 'listed', ({ note }) => note === 'not known to the provider');
    setFaults(undefined);
    jobs.release();
    assert.equal((await handle.result()).jobId, id);
  });

  it('is said to be unknown again where nothing tells whose it is', async () => {
    bench.provider.setQuirks(['job-no-metadata']);
    const { jobs } = bench.provider;
    jobs.hold();
    const handle = await startFineTune(bench, 'unmarked');
    await bench.provider.until(() => jobs.all()[0]?.metadata === null);
    const [job] = jobs.all();
    Object.assign(job!, { training_file: undefined });
    await untilPending(bench, 'unmarked', ({ note }) =>
      /; this provider keeps nothing by which a job can be found again/.test(note ?? ''),
    );
    await handle.cancel();
    await assert.rejects(handle.result());
    assert.equal(job!.status, 'cancelled');
  });
});
