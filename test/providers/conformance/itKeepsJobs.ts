import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/common';
import { it } from 'mocha';
import type { JobState } from '../../../providers/jobState.ts';
import type { JobOrder } from '../../../providers/remoteJobs.ts';
import type { JobsUnderTest } from './under.ts';

const GOING = new Set<JobState>(['pending', 'running']);

/** Calls until it is answered, as Temporal would. */
export async function untilDone<T>(call: () => Promise<T>, tries = 5): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (tries === 0 || (error as ApplicationFailure).nonRetryable) throw error;
    return untilDone(call, tries - 1);
  }
}

/** Skips a test of what the provider cannot do, and says so. */
function needs<T>(test: Mocha.Context, part: T | undefined): T {
  if (part === undefined) test.skip();
  return part as T;
}

/**
 * The tests that every kind of remote work has to pass, jobs as well as batches: that whatever is lost
 * and whoever asks again, there is one of a key, and that nothing goes on that is not wanted any more.
 * @param under as it was opened for the test that runs
 */
export function itKeepsJobs<Request, Result>(under: () => JobsUnderTest<Request, Result>): void {
  const keeper = () => under().keeper();
  const going = () =>
    under()
      .jobs()
      .filter(({ isGoing }) => isGoing)
      .map(({ id }) => id);
  /** The provider's words for a state. */
  const words = (...states: JobState[]) =>
    Object.entries(under().statuses).flatMap(([word, state]) =>
      states.includes(state) ? [word] : [],
    );
  const started = async (seed?: number): Promise<{ order: JobOrder<Request>; id: string }> => {
    const order = await under().order(seed);
    return { order, id: (await keeper().adoptOrCreate(order)).id };
  };

  it('a job is created once, and adopted from then on', async () => {
    const { order, id } = await started();
    assert.equal((await keeper().adoptOrCreate(order)).id, id);
    assert.ok(await keeper().isListed(id, order));
    assert.deepEqual(going(), [id]);
  });

  it('a job whose answer was lost is found, and the only one', async function () {
    const lose = needs(this, under().lose);
    const order = await under().order();
    lose('answers');
    await assert.rejects(keeper().adoptOrCreate(order));
    lose('none');
    const { id } = await keeper().adoptOrCreate(order);
    assert.deepEqual(
      under()
        .jobs()
        .map((job) => job.id),
      [id],
    );
  });

  it('a job that was never asked for is made', async function () {
    const lose = needs(this, under().lose);
    const order = await under().order();
    lose('requests');
    await assert.rejects(keeper().adoptOrCreate(order));
    assert.deepEqual(under().jobs(), []);
    lose('none');
    const { id } = await keeper().adoptOrCreate(order);
    assert.deepEqual(going(), [id]);
  });

  it('of two workers that ask at once both have the one job in the end', async () => {
    const order = await under().order();
    const ask = () => untilDone(() => keeper().adoptOrCreate(order));
    await Promise.all([ask(), ask(), ask()]);
    const [one, other] = [await ask(), await ask()];
    assert.equal(one.id, other.id);
    assert.deepEqual(going(), [one.id]);
  });

  it('another key is another job, and none of its business', async () => {
    const [mine, other] = [await started(1), await started(2)];
    assert.notEqual(mine.id, other.id);
    assert.equal(await keeper().isListed(other.id, mine.order), false);
    await keeper().cancel(mine.order, mine.id);
    assert.deepEqual(going(), [other.id]);
  });

  it('every status of a job is understood', async () => {
    for (const [status, state] of Object.entries(under().statuses)) {
      const { order, id } = await started(Object.keys(under().statuses).indexOf(status));
      await under().become(id, status);
      const job = await keeper().poll(id, order);
      assert.deepEqual([job.id, job.state], [id, state], status);
      assert.equal(job.result !== undefined, state === 'succeeded', status);
      assert.ok(job.detail, status);
    }
  });

  it('a job that goes on, or has a result, is adopted; one that ended without is not', async () => {
    for (const [seed, [status, state]] of Object.entries(under().statuses).entries()) {
      const { order, id } = await started(seed);
      await under().become(id, status);
      const again = await keeper().adoptOrCreate(order);
      assert.equal(again.id === id, GOING.has(state) || state === 'succeeded', status);
      await keeper().cancel(order, again.id);
    }
  });

  it('a job is cancelled wherever it stands, and once', async () => {
    for (const [seed, status] of words('pending', 'running').entries()) {
      const { order, id } = await started(seed);
      await under().become(id, status);
      assert.equal(await keeper().cancel(order, id), 1, status);
      assert.deepEqual(going(), [], status);
      assert.equal(await keeper().cancel(order, id), 0, status);
      assert.ok(!GOING.has((await keeper().poll(id, order)).state as JobState), status);
    }
  });

  it('a job that has ended is left as it is', async () => {
    for (const [seed, status] of words('succeeded', 'failed', 'cancelled').entries()) {
      const { order, id } = await started(seed);
      await under().become(id, status);
      assert.equal(await keeper().cancel(order, id), 0, status);
    }
  });

  it('a job is cancelled though nobody heard of it', async function () {
    const lose = needs(this, under().lose);
    const order = await under().order();
    lose('answers');
    await assert.rejects(keeper().adoptOrCreate(order));
    lose('none');
    assert.equal(await keeper().cancel(order), 1);
    assert.deepEqual(going(), []);
  });

  it('a job is cancelled though the answer to that was lost', async function () {
    const lose = needs(this, under().lose);
    const { order, id } = await started();
    lose('answers');
    await assert.rejects(keeper().cancel(order, id));
    lose('none');
    await keeper().cancel(order, id);
    assert.deepEqual(going(), []);
  });

  it('there is nothing to cancel where no job was made', async () => {
    assert.equal(await keeper().cancel(await under().order()), 0);
  });

  it('a job that failed says why', async function () {
    const failed = needs(this, words('failed')[0]);
    const { order, id } = await started();
    await under().become(id, failed);
    const { state, message } = await keeper().poll(id, order);
    assert.equal(state, 'failed');
    assert.ok(message);
  });

  it('a job that succeeded without a result has none', async function () {
    const succeed = needs(this, under().succeedWithoutResult);
    const { order, id } = await started();
    await succeed(id);
    const { state, result } = await keeper().poll(id, order);
    assert.deepEqual([state, result], ['succeeded', undefined]);
  });

  it('a job that was removed has vanished', async function () {
    const remove = needs(this, under().remove);
    const { order, id } = await started();
    await remove(id);
    assert.equal((await keeper().poll(id, order)).state, 'vanished');
    assert.equal(await keeper().isListed(id, order), false);
  });
}
