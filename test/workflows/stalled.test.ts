import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { setUpSearchAttributes } from '../../client/searchAttributes.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { useBench, useOwnTemporal } from '../support/suite.ts';
import { jobOf, jobsOf, startFineTune, untilPending, untilPolled } from './support.ts';

const STALLED_AFTER_MS = 1_000;
/** No look at a job that trains is this late, however busy the machine. */
const TRAINS_MS = 4_000;
const QUERY = 'SemiEvolWarning = "JobStalled"';
/** `IndexedValueType` of Temporal's API. */
const [KEYWORD, INT] = [2, 3];
/** As many as the dev server takes. */
const KEYWORDS = 10;

describe('a fine-tuning job without progress', () => {
  const temporal = useOwnTemporal('test');
  const stalledAfterMinutes = STALLED_AFTER_MS / 60_000;
  const bench = useBench('test', { holdJobs: true }, { stalledAfterMinutes }, temporal);

  const register = (searchAttributes: Record<string, number>) =>
    temporal.client.connection.operatorService.addSearchAttributes({
      namespace: temporal.client.options.namespace,
      searchAttributes,
    });
  const handleOf = (name: string) => temporal.client.workflow.getHandle(name);

  /** What the UI shows of the workflow's own. */
  async function detailsOf(name: string): Promise<string> {
    const { currentDetails } = await handleOf(name).query<{ currentDetails?: string }>(
      '__temporal_workflow_metadata',
    );
    return currentDetails ?? '';
  }
  async function untilDetails(name: string, expected: RegExp): Promise<void> {
    await lookUntil(
      () => detailsOf(name),
      (details) => expected.test(details),
    );
  }
  async function found(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { workflowId } of temporal.client.workflow.list({ query: QUERY }))
      ids.push(workflowId);
    return ids;
  }
  /** Searches see a change a little later. */
  async function untilFound(expected: string[]): Promise<void> {
    await lookUntil(found, (ids) => ids.join() === expected.join());
  }

  const setUp = () => setUpSearchAttributes(temporal.client);

  it('can be found, and is shown in the UI and by `status`, until it moves on', async () => {
    await setUp();
    await bench.startWorker();
    const handle = await startFineTune(bench, 'stalled');
    const { id } = await jobOf(bench, 'stalled');
    await untilDetails('stalled', /No progress since \d{4}-.* UTC: the status of the job is/);
    assert.match(await detailsOf('stalled'), new RegExp(`\\| job: \\| ${id} \\|`));
    await untilFound(['stalled']);
    const { note } = await handle.query<{ note: string }>('status');
    assert.match(note, /^no progress since/);
    await untilPending(bench, 'stalled', (seen) => /no progress for \d+ min/.test(seen.note ?? ''));
    assert.notEqual(jobsOf(bench, 'stalled')[0]!.status, 'cancelled', 'it is left running');

    // An event is progress, as another status is: for as long as there are any it is not found.
    const moving = setInterval(() => bench.provider.jobs.finish(id, 'running'), 100);
    await untilFound([]).finally(() => clearInterval(moving));
    bench.provider.jobs.finish(id, 'paused');
    await untilDetails('stalled', /No progress.*the status of the job is "paused"/);
    await untilFound(['stalled']);

    bench.provider.jobs.finish(id, 'succeeded');
    assert.equal((await handle.result()).jobId, id);
    await untilFound([]);
    assert.doesNotMatch(await detailsOf('stalled'), /No progress/);
    assert.match(await detailsOf('stalled'), /tuned model/);
    assert.equal(jobsOf(bench, 'stalled').length, 1);
  });

  it('is not found any more once it is cancelled', async () => {
    await setUp();
    await bench.startWorker();
    const handle = await startFineTune(bench, 'given-up');
    await untilDetails('given-up', /No progress/);
    await untilFound(['given-up']);
    await handle.cancel();
    await assert.rejects(handle.result());
    await untilFound([]);
    assert.doesNotMatch(await detailsOf('given-up'), /No progress/);
  });

  it('is not one that trains, whatever its status', async () => {
    bench.config.endpoints.local!.stalledAfterMinutes = TRAINS_MS / 60_000;
    await bench.startWorker();
    const handle = await startFineTune(bench, 'trains');
    const { id } = await jobOf(bench, 'trains');
    const until = Date.now() + 2 * TRAINS_MS;
    while (Date.now() < until) {
      // A new event: the stand-in reports its steps whenever a job enters the state.
      bench.provider.jobs.finish(id, 'running');
      await untilPolled(bench, id);
    }
    bench.provider.jobs.finish(id, 'succeeded');
    await handle.result();
    const { events } = await handle.fetchHistory();
    const waits = events!.filter(
      (event) =>
        event.activityTaskScheduledEventAttributes?.activityType?.name === 'semievol.awaitJob',
    );
    assert.equal(waits.length, 1);
  });

  it('is so since before its worker died', async () => {
    // Not yet stalled when the first worker dies, but by the time that is noticed: 15 s after a heartbeat.
    const endpoint = { ...bench.config.endpoints.local!, stalledAfterMinutes: 10 / 60 };
    const config = { ...bench.config, endpoints: { local: endpoint } };
    const first = await bench.startProcess({ config });
    await startFineTune(bench, 'worker-died');
    await untilPending(bench, 'worker-died', ({ note }) => note === 'loss 0.182');
    await first.kill();
    const diedAt = Date.now();

    await bench.startProcess({ config });
    await untilDetails('worker-died', /No progress since/);
    const [, since] = /No progress since (\S+ \S+) UTC/.exec(await detailsOf('worker-died'))!;
    assert.ok(Date.parse(`${since}Z`) < diedAt);
  });

  for (const [where, prepare] of [
    [
      'the server takes no more attributes',
      async () => {
        for (let index = 0; index < KEYWORDS; index++) await register({ [`Own${index}`]: KEYWORD });
      },
    ],
    ['the name stands for something else', () => register({ SemiEvolWarning: INT })],
  ] as const)
    it(`hurts nothing where ${where}: the UI shows it all the same`, async () => {
      await prepare();
      await bench.startWorker();
      const handle = await startFineTune(bench, 'unregistered');
      const { id } = await jobOf(bench, 'unregistered');
      await untilDetails('unregistered', /No progress since/);
      bench.provider.jobs.finish(id, 'succeeded');
      assert.equal((await handle.result()).jobId, id);
      const { events } = await handle.fetchHistory();
      assert.ok(!events!.some((event) => event.workflowTaskFailedEventAttributes));
      assert.ok(!events!.some((event) => event.upsertWorkflowSearchAttributesEventAttributes));
    });
});
