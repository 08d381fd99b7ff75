import assert from 'node:assert/strict';
import { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, CancelledFailure } from '@temporalio/common';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Fault } from '../../testing/faults.ts';
import type { JournalEntry } from '../../testing/requests.ts';
import { failedFor } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';
import {
  type FineTuneHandle,
  JOBS,
  jobOf,
  jobsOf,
  pendingOf,
  startFineTune,
  untilPending,
  untilPolled,
  writeTrainingFile,
} from './support.ts';

describe('a fine-tuning job', () => {
  const bench = useBench('suite', {}, { requestTimeoutSeconds: 2, finalAfterSeconds: 0.3 });
  before(() => bench.startWorker());
  beforeEach(() => bench.provider.jobs.hold());
  afterEach(() => {
    bench.provider.setFaults(undefined);
    bench.provider.jobs.release();
  });

  const statusesOf = (name: string) => jobsOf(bench, name).map((job) => job.status);

  /** How often a job was asked for. */
  const createdFor = (name: string) =>
    bench.provider
      .requests()
      .filter(
        ({ method, metadata }) =>
          method === 'POST' && metadata?.semievol_key?.startsWith(`${name}/`),
      ).length;

  async function reasonFor(handle: FineTuneHandle): Promise<Error> {
    const error = await handle.result().then(
      () => assert.fail('it ended well'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof WorkflowFailedError);
    return error;
  }
  async function isCancelled(handle: FineTuneHandle): Promise<void> {
    assert.ok((await reasonFor(handle)).cause instanceof CancelledFailure);
  }
  /** Of an activity that was tried once, and not again. */
  function isFinal(error: Error, type: string, words: RegExp): void {
    assert.ok(failedFor(type)(error));
    const { cause } = error;
    assert.ok(cause instanceof ActivityFailure);
    assert.equal(cause.retryState, 'NON_RETRYABLE_FAILURE');
    assert.match(cause.cause!.message, words);
  }

  describe('that has not ended', () => {
    // The last one is not in any documentation.
    const states = ['validating_files', 'queued', 'pausing', 'paused', 'running', 'resting'];

    it('is waited for and shown, and cancelled with the workflow, whatever its state', () =>
      Promise.all(
        states.map(async (state) => {
          const name = `cancel-${state}`;
          const handle = await startFineTune(bench, name);
          const { id } = await jobOf(bench, name);
          bench.provider.jobs.finish(id, state);
          const shown = state === 'running' ? 'loss 0.182' : state;
          await untilPending(bench, name, ({ note }) => note === shown);

          await handle.cancel();
          await isCancelled(handle);
          assert.deepEqual(statusesOf(name), ['cancelled'], state);
          assert.equal(bench.provider.requests({ path: `${JOBS}/${id}/cancel` }).length, 1, state);
        }),
      ));

    it('may go through all of them and succeed', async () => {
      const handle = await startFineTune(bench, 'all-states');
      const { id } = await jobOf(bench, 'all-states');
      for (const state of states) {
        bench.provider.jobs.finish(id, state);
        await untilPolled(bench, id);
      }
      bench.provider.jobs.finish(id, 'succeeded');
      assert.equal((await handle.result()).jobId, id);
      assert.equal(jobsOf(bench, 'all-states').length, 1);
    });

    it('is cancelled also where the provider does not manage it at first', async () => {
      const { provider } = bench;
      const handle = await startFineTune(bench, 'cancel-later');
      const { id } = await jobOf(bench, 'cancel-later');
      let refused = 0;
      provider.setFaults(({ path }) =>
        path.endsWith('/cancel') && refused++ < 2
          ? { status: 503, headers: { 'retry-after-ms': '1' } }
          : undefined,
      );
      await handle.cancel();
      await isCancelled(handle);
      assert.equal(provider.requests({ path: `${JOBS}/${id}/cancel` }).length, 3);
      assert.deepEqual(statusesOf('cancel-later'), ['cancelled']);
    });

    it('is cancelled also where the answer that gave its id never came', async () => {
      bench.provider.setFaults(({ method, path }) =>
        method === 'POST' && path === JOBS ? 'cut-after' : undefined,
      );
      const handle = await startFineTune(bench, 'never-known');
      await jobOf(bench, 'never-known');
      await handle.cancel();
      await isCancelled(handle);
      assert.deepEqual(statusesOf('never-known'), ['cancelled']);
    });
  });

  describe('that has ended without a model', () => {
    const error = { code: 'x', message: 'the loss went to NaN', param: null };
    for (const [what, state, type, words] of [
      ['fails', { status: 'failed', error }, 'JobFailed', /failed: the loss went to NaN/],
      [
        'fails without a reason',
        { status: 'failed', error: { ...error, message: '' } },
        'JobFailed',
        /gives no reason/,
      ],
      ['is cancelled there', 'cancelled', 'JobCancelled', /cancelled at the provider; run again/],
      [
        'succeeds without a model',
        { status: 'succeeded', fine_tuned_model: null },
        'JobWithoutResult',
        /succeeded but names no model/,
      ],
      ['vanishes', undefined, 'JobVanished', /no longer known to the provider; run again/],
    ] as const)
      it(`because it ${what}: the workflow says so, and its next start makes a new job`, async () => {
        const { jobs } = bench.provider;
        const name = `end-${what.replaceAll(' ', '-')}`;
        const path = await writeTrainingFile(bench, name);
        const handle = await startFineTune(bench, name, path);
        const { id } = await jobOf(bench, name);
        if (state === undefined) jobs.remove(id);
        else jobs.finish(id, state);
        isFinal(await reasonFor(handle), type, words);
        assert.equal(createdFor(name), 1);

        jobs.release();
        const again = await startFineTune(bench, name, path);
        await again.result();
        assert.equal(createdFor(name), 2);
      });

    it('because the provider finds its file to be none', async () => {
      bench.provider.jobs.release();
      const path = await writeTrainingFile(bench, 'no-rows', ['not a row']);
      const handle = await startFineTune(bench, 'no-rows', path);
      isFinal(await reasonFor(handle), 'JobFailed', /Every line of the training file must be/);
      assert.equal(jobsOf(bench, 'no-rows').length, 1);
    });
  });

  describe('survives trouble that passes:', () => {
    const soon = { 'retry-after-ms': '1' };
    const troubles: Record<string, Fault> = {
      'a 429': { status: 429, headers: soon },
      'a 500': { status: 500, headers: soon },
      'a 503': { status: 503, headers: soon },
      'no answer in time': 'hang',
      'a connection cut before': 'cut-before',
      'a connection cut after': 'cut-after',
      'half an answer': 'truncated',
      'a web page for an answer': 'wrong-type',
    };
    const where = ['when it is made', 'when it is looked at'] as const;
    const cases = Object.entries(troubles).flatMap(([what, fault], index) =>
      where.map((when) => ({
        what,
        fault,
        when,
        name: `trouble-${index}-${when.split(' ').at(-1)}`,
      })),
    );
    const handles = new Map<string, FineTuneHandle>();

    // All at once, since each waits a second for its next attempt.
    before(async () => {
      const { provider } = bench;
      const spent = new Set<string>();
      const once = (name: string | undefined, when: (typeof where)[number]) => {
        const found = cases.find((one) => one.name === name && one.when === when);
        if (!found || spent.has(found.name)) return undefined;
        spent.add(found.name);
        return found.fault;
      };
      provider.setFaults(({ method, path, metadata }) => {
        if (method === 'POST' && path === JOBS)
          return once(metadata?.semievol_key?.split('/')[0], where[0]);
        const job = provider.jobs.all().find(({ id }) => path === `${JOBS}/${id}`);
        return once(job?.metadata?.semievol_key?.split('/')[0], where[1]);
      });
      for (const { name } of cases) handles.set(name, await startFineTune(bench, name));
      provider.jobs.release();
      await Promise.allSettled([...handles.values()].map((handle) => handle.result()));
      assert.equal(spent.size, cases.length);
    });

    for (const { what, when, name } of cases)
      it(`${what} ${when}: one job, one model`, async () => {
        const { jobId } = await handles.get(name)!.result();
        assert.deepEqual(
          jobsOf(bench, name).map(({ id, status }) => [id, status]),
          [[jobId, 'succeeded']],
        );
      });
  });

  describe('shows trouble that lasts, and goes on when it is over:', () => {
    for (const [when, at, method] of [
      ['when it is made', (path: string) => path === JOBS, 'POST'],
      ['when it is looked at', (path: string) => path.startsWith(`${JOBS}/`), 'GET'],
    ] as const)
      it(when, async () => {
        const { provider } = bench;
        provider.jobs.release();
        provider.setFaults((request) =>
          request.method === method && at(request.path)
            ? { status: 429, headers: { 'retry-after-ms': '1' } }
            : undefined,
        );
        const name = `shown-${when.split(' ').at(-1)}`;
        const handle = await startFineTune(bench, name);
        await untilPending(bench, name, ({ trouble }) => trouble !== undefined);
        const { trouble } = await pendingOf(bench, name);
        assert.match(trouble!, /^endpoint "local" answered 429 /);
        provider.setFaults(undefined);
        await handle.result();
        assert.equal(jobsOf(bench, name).length, 1);
      });
  });

  describe('is given up where a repetition cannot help:', () => {
    for (const [status, type, words] of [
      [400, 'BadRequest', /answered 400/],
      [404, 'NotFound', /answered 404 for model "smollm2.*check the model's name/s],
      [413, 'BadRequest', /answered 413/],
      [422, 'BadRequest', /answered 422/],
    ] as const)
      it(`a ${status} when it is made`, async () => {
        const name = `refused-${status}`;
        bench.provider.setFaults(({ method, path }) =>
          method === 'POST' && path === JOBS ? { status } : undefined,
        );
        isFinal(await reasonFor(await startFineTune(bench, name)), type, words);
        assert.equal(createdFor(name), 1);
        assert.equal(jobsOf(bench, name).length, 0);
      });

    for (const status of [400, 413])
      it(`a ${status} for its file`, async () => {
        const { requests } = bench.provider;
        const asked = requests({ kind: 'upload' }).length;
        bench.provider.setFaults(({ method, path }) =>
          method === 'POST' && path === '/files' ? { status } : undefined,
        );
        const path = await writeTrainingFile(bench, `file-${status}`, [{ messages: [{ status }] }]);
        const handle = await startFineTune(bench, `file-${status}`, path);
        isFinal(await reasonFor(handle), 'BadRequest', new RegExp(`answered ${status}`));
        assert.equal(requests({ kind: 'upload' }).length, asked + 1);
        assert.equal(jobsOf(bench, `file-${status}`).length, 0);
      });
  });

  describe('waits, says for what, and goes on by itself', () => {
    for (const [status, words] of [
      [401, /answered 401.*it wants a key: name its variable/],
      [402, /answered 402.*top up/],
      [403, /answered 403/],
    ] as const)
      for (const when of ['made', 'looked at'])
        it(`after a ${status} when it is ${when}`, async () => {
          const { provider } = bench;
          const name = `waits-${status}-${when.replace(' ', '-')}`;
          const isThen = ({ method, path }: JournalEntry) =>
            when === 'made'
              ? method === 'POST' && path === JOBS
              : jobsOf(bench, name).some(({ id }) => path === `${JOBS}/${id}`);
          provider.setFaults((request) => (isThen(request) ? { status } : undefined));
          const handle = await startFineTune(bench, name);
          await untilPending(bench, name, ({ trouble = '' }) => words.test(trouble));
          provider.setFaults(undefined);
          provider.jobs.release();
          await handle.result();
          assert.equal(jobsOf(bench, name).length, 1);
        });
  });
});
