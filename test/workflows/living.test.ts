import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { after, before, describe, it } from 'mocha';
import type { ArriveInput } from '../../activities/arrive.ts';
import type { Crowned, CrownInput } from '../../activities/crown.ts';
import { messagesOf } from '../../core/errors.ts';
import { finalFailure } from '../../core/failures.ts';
import type { Arrived } from '../../core/living/arrival.ts';
import type { Champion } from '../../core/living/runState.ts';
import { runSpec } from '../../core/registry.ts';
import type { Lease, LeaseRequest } from '../../core/review/leases.ts';
import type { RunSpecInput } from '../../core/spec.ts';
import type { RunStatus } from '../../core/status.ts';
import { LABELS } from '../../testing/task.ts';
import type { RoundInput } from '../../workflows/round.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { useTemporal } from '../support/suite.ts';

const QUEUE = 'living';
const NAMED = { name: 'an operator', reason: 'a test' };
const NONE = { labelled: 0, unlabelled: 0, test: 0 };

/** A data set that grows by ten examples a file, and refuses one that is called bad. */
async function arrive({ dataset, arrival }: ArriveInput): Promise<Arrived> {
  const files = Object.values(arrival).flat();
  if (files.includes('bad.csv')) throw finalFailure('DataError', 'bad.csv, line 3: no question');
  const { segment, labelled, unlabelled } = JSON.parse(dataset) as Record<string, number>;
  const added = {
    ...NONE,
    labelled: 10 * (arrival.labelled?.length ?? 0),
    unlabelled: 10 * (arrival.unlabelled?.length ?? 0),
  };
  const counts = {
    labelled: labelled! + added.labelled,
    unlabelled: unlabelled! + added.unlabelled,
    test: 10,
  };
  return {
    dataset: JSON.stringify({ segment: segment! + 1, ...counts }),
    segment: segment! + 1,
    ...{ counts, added, struck: NONE, removed: NONE },
  };
}

describe('a run that lives', () => {
  const temporal = useTemporal();
  const changes: CrownInput['promotion'][] = [];
  /** Recorded by an execution that has ended before it heard of it. */
  const unheard: CrownInput['promotion'][] = [];
  /** The champion by what such an execution has recorded, to one that begins. */
  let recorded: Champion | undefined;
  let worker: Worker;
  let working: Promise<void>;

  before(async () => {
    const counts = { labelled: 10, unlabelled: 10, test: 10 };
    worker = await Worker.create({
      connection: temporal.nativeConnection,
      taskQueue: QUEUE,
      workflowsPath: fileURLToPath(new URL('./rounds/workflows.ts', import.meta.url)),
      activities: {
        'semievol.checkModels': async () => {},
        'semievol.openRun': async () => {},
        'semievol.knownSearchAttributes': async () => [],
        'semievol.ingest': async () => ({
          dataset: JSON.stringify({ segment: 0, ...counts }),
          counts,
        }),
        'semievol.arrive': arrive,
        'semievol.keepState': async () => {},
        'semievol.lastState': async () => null,
        'semievol.rankForReview': async () => ({ size: 3, suspects: 0 }),
        'semievol.crown': async ({ run, promotion }: CrownInput): Promise<Crowned> => {
          const heard = unheard.find(({ number }) => number === promotion.number) ?? promotion;
          const { model, number } = heard;
          changes.push(heard);
          return {
            announcement: { ...heard, run, at: '', endpoint: 'local', alias: null },
            champion: (number === 0 && recorded) || { model, changes: number },
          };
        },
      },
    });
    working = worker.run();
  });

  after(async () => {
    worker.shutdown();
    await working;
  });

  /** A run whose fake rounds promote the odd ones. */
  async function start(fields: Partial<RunSpecInput>) {
    const run = `living-${randomUUID()}`;
    const spec = runSpec.parse({
      name: run,
      task: { type: 'classification', labels: LABELS },
      data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
      ...fields,
    });
    const { workflow } = temporal.client;
    await workflow.start('evolve', {
      workflowId: run,
      taskQueue: QUEUE,
      args: [{ run, spec }],
    });
    const handle = workflow.getHandle(run);
    const update = <T>(name: string, ...args: unknown[]) =>
      handle.executeUpdate<T, [unknown]>(name, { args: args as [unknown] });
    const status = () => handle.query<RunStatus>('status');
    /** Its status, as soon as that is so. */
    const until = (isSo: (status: RunStatus) => boolean) => lookUntil(status, isSo);
    const inputOf = async (round: number): Promise<RoundInput> => {
      const { events } = await workflow.getHandle(`${run}/round-${round}`).fetchHistory();
      const { input } = events![0]!.workflowExecutionStartedEventAttributes!;
      return JSON.parse(Buffer.from(input!.payloads![0]!.data!).toString()) as RoundInput;
    };
    return { handle, update, until, inputOf };
  }

  const refuses = async (updating: Promise<unknown>, why: RegExp) => {
    const error = await updating.then(
      () => assert.fail('it was taken'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof WorkflowUpdateFailedError, String(error));
    assert.match(messagesOf(error).at(-1)!, why);
  };

  it('waits for as many new examples as its spec wants, and works on all of them', async () => {
    const run = await start({ rounds: 2, next: { unlabelled: 20 } });
    const waiting = await run.until(({ waitsFor }) => waitsFor !== undefined);
    assert.match(waiting.waitsFor!, /^0 of 20 new unlabelled examples.*"semievol next [^ ]+"$/);
    assert.deepEqual(waiting.totals, { finished: 1, promoted: 1 });

    const first = await run.update<Arrived>('add', { unlabelled: ['a.csv'] });
    assert.equal(first.added.unlabelled, 10);
    assert.match((await run.until(({ data }) => data!.segment === 1)).waitsFor!, /^10 of 20 /);
    await run.update('add', { unlabelled: ['b.csv'], labelled: ['c.csv'] });
    await run.handle.result();

    const { counts, asked, champion, sft } = await run.inputOf(2);
    assert.deepEqual(counts, { labelled: 20, unlabelled: 30, test: 10 });
    assert.equal(asked, undefined);
    assert.equal(champion, 'model-1');
    assert.equal(sft, undefined); // it has not learned from what has come
  });

  it('asks about what is new alone, where the spec wants that, and keeps SFT of the same examples', async () => {
    const fields = { pool: 'new', earlier: 'keep' } as const;
    const run = await start({ rounds: 2, next: { unlabelled: 1 }, ...fields });
    await run.until(({ waitsFor }) => waitsFor !== undefined);
    await run.update('add', { unlabelled: ['a.csv'] });
    await run.handle.result();
    assert.equal((await run.inputOf(1)).asked, undefined);
    const { asked, sft } = await run.inputOf(2);
    assert.deepEqual(asked, { from: 10, earlier: 'none' });
    assert.equal(sft, 'warm');
  });

  it('begins a round by hand, and by time only where something has come', async () => {
    const run = await start({ rounds: 3, next: { afterHours: 1e-9 } });
    await run.until(({ waitsFor }) => waitsFor !== undefined);
    assert.deepEqual(await run.update('next'), { round: 2 });
    await run.until(({ totals, waitsFor }) => totals.finished === 2 && waitsFor !== undefined);
    await run.update('add', { labelled: ['a.csv'] });
    const status = (await run.handle.result()) as RunStatus;
    assert.equal(status.totals.finished, 3);
    assert.equal((await run.inputOf(3)).counts.labelled, 20);
  });

  it('says of a round that is called whether it begins at once, and refuses one there is not', async () => {
    const run = await start({ rounds: 2, next: {} });
    await run.until(({ waitsFor }) => waitsFor !== undefined);
    await run.handle.signal('pause');
    assert.deepEqual(await run.update('next'), { round: 2, after: 'pause' });
    await run.handle.signal('resume');
    await run.handle.result();

    const busy = await start({ rounds: 2, next: {}, gate: { approval: 'person' } });
    await busy.until(({ pending }) => pending !== undefined);
    assert.deepEqual(await busy.update('next'), { round: 2, after: 'round' });
    await busy.update('decide', { round: 1, approve: true, ...NAMED });
    await busy.handle.result();

    const last = await start({ rounds: 1, gate: { approval: 'person' } });
    await last.until(({ pending }) => pending !== undefined);
    await refuses(last.update('next'), /round 1 is under way, and the last of the run/);
    await last.update('decide', { round: 1, approve: true, ...NAMED });
    await last.handle.result();
  });

  it('refuses what cannot be added, and goes on with the data it has', async () => {
    const run = await start({ rounds: 2, next: {} });
    await refuses(run.update('add', {}), /it names nothing: give files/);
    await refuses(run.update('add', { unlabelled: [''] }), /has to be a path or a URL/);
    await refuses(run.update('add', { unlabelled: ['bad.csv'] }), /bad\.csv, line 3: no question/);
    await run.update('add', { unlabelled: ['good.csv'] });
    await run.until(({ waitsFor }) => waitsFor !== undefined);
    await run.update('next');
    await run.handle.result();
    assert.equal((await run.inputOf(2)).counts.unlabelled, 20);
  });

  it('waits for a person where the gate is in favour, and takes the word of one', async () => {
    const run = await start({ rounds: 3, gate: { approval: 'person' } });
    const { pending, champion } = await run.until((status) => status.pending !== undefined);
    assert.deepEqual(pending, { round: 1, challenger: { role: 'semievol', model: 'model-1' } });
    assert.equal(champion, 'smollm2-135m-instruct');
    await refuses(run.update('decide', { round: 2, approve: true, ...NAMED }), /of round 1/);
    await refuses(
      run.update('decide', { round: 1, approve: true, name: '', reason: '' }),
      /needs the name of who decides, and a reason/,
    );
    await run.update('decide', { round: 1, approve: false, ...NAMED });
    await run.until(({ pending }) => pending?.round === 3);
    assert.equal((await run.inputOf(2)).champion, 'smollm2-135m-instruct');
    await run.update('decide', { round: 3, approve: true, ...NAMED });
    const status = (await run.handle.result()) as RunStatus;
    assert.deepEqual([status.champion, status.totals.promoted], ['model-3', 1]);
  });

  it('goes on without a person in the way the spec says', async () => {
    for (const [afterWait, promoted] of [
      ['keep', 0],
      ['promote', 1],
    ] as const) {
      const run = await start({ gate: { approval: 'person', waitHours: 1e-7, afterWait } });
      const status = (await run.handle.result()) as RunStatus;
      assert.equal(status.totals.promoted, promoted, afterWait);
    }
  });

  it('leases what is ranked to reviewers, and waits until all of it is reviewed', async () => {
    const run = await start({ rounds: 2, review: { size: 3, waitHours: 24 } });
    await refuses(
      run.update('lease', { reviewer: '', count: 2 }),
      /no round has ended|who reviews/,
    );
    const waiting = await run.until(({ waitsFor }) => waitsFor !== undefined);
    assert.match(waiting.waitsFor!, /^3 examples to be reviewed, by "semievol review/);
    const lease = (request: LeaseRequest) => run.update<Lease>('lease', request);
    const [one, other] = [
      await lease({ reviewer: 'one', count: 2 }),
      await lease({ reviewer: 'other', count: 2 }),
    ];
    assert.deepEqual([one.positions, other.positions], [[0, 1], [2]]);
    await lease({ reviewer: 'one', count: 1, through: one });
    await lease({ reviewer: 'other', count: 1, through: other });
    const status = (await run.handle.result()) as RunStatus;
    assert.equal(status.totals.finished, 2);
  });

  it('has no time for reviews where the next round is called', async () => {
    const run = await start({ rounds: 2, review: { size: 3, waitHours: 24 } });
    await run.until(({ waitsFor }) => waitsFor !== undefined);
    await run.update('next');
    await run.handle.result();
  });

  it('pauses where it may learn from its own mistakes, and lets one round go on when resumed', async () => {
    const run = await start({ rounds: 4, drift: {} });
    const held = await run.until(({ hold }) => hold !== undefined);
    assert.match(held.hold!.why, /after round 3 the new models have got worse two rounds running/);
    assert.equal(held.paused, true);
    await run.handle.signal('resume');
    const status = (await run.handle.result()) as RunStatus;
    assert.equal(status.totals.finished, 4);
  });

  it('goes back to an earlier champion, and starts from it', async () => {
    const run = await start({ rounds: 2, next: {} });
    await run.until(({ waitsFor }) => waitsFor !== undefined);
    await refuses(run.update('champion', { model: 'model-1', ...NAMED }), /the champion already/);
    const back = { model: 'smollm2-135m-instruct', ...NAMED };
    assert.deepEqual(await run.update('champion', back), { champion: back.model });
    await run.update('next');
    await run.handle.result();
    assert.equal((await run.inputOf(2)).champion, back.model);
    const last = changes.at(-1)!;
    assert.deepEqual(
      [last.number, last.round, last.role, last.from, last.by, last.name],
      [2, 1, 'chosen', 'model-1', 'person', NAMED.name],
    );
  });

  it('does its first round as it did, where nothing is kept but what has come of that', async () => {
    recorded = { model: 'model-1', changes: 1 };
    const run = await start({ rounds: 1 });
    const { champion, totals } = (await run.handle.result()) as RunStatus;
    recorded = undefined;
    assert.deepEqual([champion, totals.promoted], ['model-1', 1]);
    assert.equal((await run.inputOf(1)).champion, 'smollm2-135m-instruct');
  });

  it('counts its changes after those that are recorded already', async () => {
    const by = { role: 'chosen', by: 'person', ...NAMED } as const;
    unheard.push({ number: 1, round: 1, model: 'model-0', from: 'model-9', ...by });
    const run = await start({ rounds: 1 });
    const { champion } = (await run.handle.result()) as RunStatus;
    unheard.pop();
    assert.equal(champion, 'model-1');
    const last = changes.at(-1)!;
    assert.deepEqual([last.number, last.model, last.from], [2, 'model-1', 'model-0']);
  });
});
