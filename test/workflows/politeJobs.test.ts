import assert from 'node:assert/strict';
import type { temporal as api } from '@temporalio/proto';
import { after, before, describe, it } from 'mocha';
import type { Fault } from '../../testing/faults.ts';
import { startProvider } from '../../testing/provider.ts';
import { Bench } from '../support/stack.ts';
import { useTemporal } from '../support/suite.ts';
import { JOBS, jobOf, startFineTune, untilPending } from './support.ts';

const html = { 'content-type': 'text/html' };
const page = (status: number, body = '<html><body>Not here.</body></html>'): Fault => ({
  ...{ status, headers: html, body },
});
const wire = (status: number, code: string): Fault => ({
  ...{ status, body: { error: { message: `It says ${code}.`, code, type: 'x', param: null } } },
});

type PendingActivity = api.api.workflow.v1.IPendingActivityInfo;

describe('a fine-tuning job, whatever stands between us and its provider,', () => {
  const temporal = useTemporal();
  const benches: Bench[] = [];

  after(() => Promise.all(benches.map((bench) => bench.close())));

  /** A provider, store and worker of its own. */
  async function open(_name: string, finalAfterSeconds = 0.1): Promise<Bench> {
    const bench = await Bench.open(temporal, await startProvider(), { finalAfterSeconds });
    benches.push(bench);
    await bench.startWorker();
    return bench;
  }

  const answers: Record<string, Fault> = {
    'a page with 404': page(404),
    'a page with 403': page(403),
    'a page with 200': page(200),
    'a text with 404': page(404, '404 page not found'),
    'an error with 200': { status: 200, body: { error: { message: 'Please wait.', code: 503 } } },
  };
  const running = new Map<string, Promise<Bench>>();
  before(async () => {
    // All at once, since each waits for its next attempts.
    for (const [what, fault] of Object.entries(answers))
      running.set(what, fromFileToModel(what, fault));
    await Promise.allSettled(running.values());
  });

  /** A job whose every kind of request meets the fault once. */
  async function fromFileToModel(what: string, fault: Fault): Promise<Bench> {
    const bench = await open(what);
    const met = new Set<string>();
    bench.provider.setFaults(({ method, path }) => {
      const kind = `${method} ${path.replace(/ftjob-[^/]+/, 'ID')}`;
      if (met.has(kind)) return undefined;
      met.add(kind);
      return fault;
    });
    const { model } = await (await startFineTune(bench, what)).result();
    assert.match(model, /^ft:/);
    for (const kind of [
      'GET /files',
      'POST /files',
      `GET ${JOBS}`,
      `POST ${JOBS}`,
      `GET ${JOBS}/ID`,
    ])
      assert.ok(met.has(kind), kind);
    return bench;
  }

  for (const what of Object.keys(answers))
    it(`goes on after ${what}: one file, one job, one model`, async () => {
      const { provider } = await running.get(what)!;
      assert.deepEqual(
        provider.jobs.all().map(({ status }) => status),
        ['succeeded'],
      );
    });

  it('is cancelled although there is a page first', async () => {
    const bench = await open('cancel');
    bench.provider.jobs.hold();
    const handle = await startFineTune(bench, 'cancel');
    const { id } = await jobOf(bench, 'cancel');
    let pages = 0;
    bench.provider.setFaults(({ path }) =>
      path.endsWith('/cancel') && pages++ < 2 ? page(404) : undefined,
    );
    await handle.cancel();
    await assert.rejects(handle.result());
    assert.equal(bench.provider.jobs.get(id).status, 'cancelled');
  });

  for (const [what, fault, remedy, seconds] of [
    ['no quota', wire(429, 'insufficient_quota'), /top up the account/, 30],
    [
      'a long wait',
      { status: 429, headers: { 'retry-after': '86400' } },
      /asks to wait 86400 s/,
      3600,
    ],
    [
      'maintenance',
      { status: 503, headers: { ...html, 'retry-after': '1800' }, body: 'Back soon.' },
      /asks to wait 1800 s/,
      1800,
    ],
  ] as const)
    it(`tells of ${what} at once, and is not given up`, async () => {
      const name = what.replaceAll(' ', '-');
      const bench = await open(name, 120);
      bench.provider.jobs.hold();
      const handle = await startFineTune(bench, name);
      const { id } = await jobOf(bench, name);
      bench.provider.setFaults(({ path }) => (path === `${JOBS}/${id}` ? fault : undefined));
      await untilPending(bench, name, ({ trouble }) => remedy.test(trouble ?? ''));
      const { raw } = await handle.describe();
      const [{ attempt, currentRetryInterval }] = raw.pendingActivities as [PendingActivity];
      assert.deepEqual([attempt, Number(currentRetryInterval!.seconds)], [2, seconds]);
      const looks = bench.provider.requests().filter(({ fault }) => fault !== undefined);
      assert.equal(looks.length, 1, 'it is not asked again before it is time');
      await handle.terminate();
    });
});
