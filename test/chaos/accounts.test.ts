import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Job } from '../../testing/jobs.ts';
import type { JournalEntry } from '../../testing/requests.ts';
import { resentRequests, stepTimes, twins } from './accounts.ts';
import { NUISANCES } from './nuisances.ts';
import { onRoute, planKills, planNuisances, type Victim } from './plan.ts';
import { compare, type Tables } from './tables.ts';

const CHAT = '/chat/completions';
const entry = (digest: string, more: Partial<JournalEntry> = {}): JournalEntry => ({
  kind: 'chat',
  ...{ index: 1, method: 'POST', path: CHAT, seed: 0, digest, attempt: 1, arrivedAt: 0 },
  ...{ status: 200, delivered: true },
  ...more,
});

describe("the accounts of chaos' harm", () => {
  it('count a request as sent again when its answer had arrived whole', () => {
    const undisturbed = [entry('a'), entry('b'), entry('twice'), entry('twice')];
    const count = (...more: JournalEntry[]) =>
      resentRequests(undisturbed, [...undisturbed, ...more]);
    assert.equal(count(), 0);
    assert.equal(count(entry('a'), entry('a'), entry('twice')), 3);
    assert.equal(count(entry('a', { fault: 'slow' }), entry('new')), 1);
    assert.equal(
      count(
        entry('a', { delivered: false }),
        entry('a', { status: 429 }),
        entry('a', { fault: 'truncated' }),
        entry('a', { kind: 'upload', path: '/files' }),
        entry('a', { kind: 'probe' }),
      ),
      0,
    );
  });

  it('count second jobs of a key, and those that were cancelled', () => {
    const job = (semievol_key: string, status: string) => ({ status, metadata: { semievol_key } });
    const jobs = [
      ...[job('a', 'succeeded'), job('a', 'cancelled'), job('b', 'succeeded')],
      ...[job('b', 'running'), job('c', 'succeeded')],
    ] as unknown as Job[];
    assert.deepEqual(twins(jobs), { duplicates: 1, cancelled: 1 });
  });

  it('take a repetition for no step, and each look at a job for one', () => {
    const look = { method: 'GET', path: '/fine_tuning/jobs/ftjob-1' };
    const journal = [
      entry('a', { arrivedAt: 1 }),
      entry('a', { arrivedAt: 2, attempt: 2 }),
      entry('look', { ...look, arrivedAt: 3 }),
      entry('look', { ...look, arrivedAt: 4, attempt: 2 }),
    ];
    assert.deepEqual(stepTimes(journal), [1, 3, 4]);
  });
});

describe('the comparison of two runs', () => {
  const tables = (rows: Record<string, string>): Tables => ({
    answers: new Map(Object.entries(rows)),
  });
  const wanted = tables({ a: '1', b: '2' });

  it('finds them identical, whatever the order', () => {
    const { identical, lost } = compare(wanted, tables({ b: '2', a: '1' }));
    assert.deepEqual({ identical, lost }, { identical: true, lost: 0 });
  });

  it('finds what is lost, other, or too much', () => {
    const { identical, lost, differences } = compare(wanted, tables({ a: '3', c: '4' }));
    assert.deepEqual({ identical, lost }, { identical: false, lost: 1 });
    assert.deepEqual(differences, [
      'answers a: 3 instead of 1',
      'answers b: lost',
      'answers c: not in the undisturbed run',
    ]);
    assert.equal(compare(wanted, {}).lost, 2);
  });
});

describe('the plan of kills', () => {
  const stepTimes = Array.from({ length: 1_001 }, (_, index) => 20 * index);
  const plan = (seed: number) => planKills({ kills: 20, serverRestarts: 3, stepTimes, seed });
  const count = (victim: Victim) => plan(1).filter((kill) => kill.victim === victim).length;

  it('has each kind as often as it is asked for', () => {
    assert.deepEqual([count('worker'), count('gateway'), count('server')], [16, 4, 3]);
  });

  it('spreads them over the time of the run', () => {
    for (const [place, { afterStep, delayMs }] of plan(1).entries()) {
      const moment = (stepTimes[afterStep - 1] ?? 0) + delayMs;
      assert.equal(Math.floor((moment / 19_000) * 23), place);
    }
  });

  it('follows from the seed', () => {
    assert.deepEqual(plan(1), plan(1));
    assert.notDeepEqual(plan(1), plan(2));
  });
});

describe('the plan of nuisances', () => {
  const look = (arrivedAt: number) =>
    entry(`look ${arrivedAt}`, { method: 'GET', path: '/fine_tuning/jobs/ftjob-1', arrivedAt });
  const undisturbed = Array.from({ length: 100 }, (_, index) => [
    entry(`chat ${index}`, { arrivedAt: 10 * index }),
    entry(`job ${index}`, { path: '/fine_tuning/jobs', arrivedAt: 10 * index + 1 }),
    look(10 * index + 2),
  ]).flat();
  const plan = (seed: number) => planNuisances(NUISANCES, { undisturbed, seed });

  it('has each once, at a step of its own within its bounds, in the order of the steps', () => {
    assert.deepEqual(new Set(plan(1).map(({ nuisance }) => nuisance)), new Set(NUISANCES));
    const times = plan(1).map(({ nuisance, step }) => {
      const [from, to] = nuisance.between;
      assert.ok(step > 100 * from && step <= 100 * to, `${nuisance.name}: ${step}`);
      return onRoute(undisturbed, nuisance)[step - 1]!.arrivedAt;
    });
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });

  it('follows from the seed', () => {
    assert.deepEqual(plan(1), plan(1));
    assert.notDeepEqual(plan(1), plan(2));
  });
});
