import { join } from 'node:path';
import type { JobsAtLimit } from '../../core/budget.ts';
import { writeTask } from '../support/stack.ts';
import { resentRequests, stepTimes, twins } from './accounts.ts';
import type { ArenaOptions } from './arena.ts';
import { type Account, charged, discrepancies } from './books.ts';
import { type Deed, disturb } from './disturb.ts';
import { PLACES, type PlaceName } from './places/index.ts';
import { planKills } from './plan.ts';
import { limitsFor, type Reached, raiseWhenHeld } from './purse.ts';
import { type Outcome, run } from './run.ts';
import { prepare, RUN, type Setting, SHOWN, secondsOf } from './setting.ts';
import { compare } from './tables.ts';

export interface ChaosOptions extends Setting {
  place: PlaceName;
  /** Where the disturbed run has a budget, which is reached and raised twice: what becomes of jobs then. */
  budget?: JobsAtLimit;
  /** kill -9 of a worker or of what answers. */
  kills: number;
  /** kill -9 of the Temporal server, in addition. */
  serverRestarts: number;
  /** Share of the requests to the provider that go wrong, 0 to 1. */
  faultRate: number;
}

export interface ChaosResult {
  /** Whether it is what SemiEvol promises. */
  fine: boolean;
  /** Every final table and the lineage of the models are those of the undisturbed run. */
  identical: boolean;
  /** Rows of the undisturbed run that the disturbed one has not. */
  lost: number;
  /** Where the reports of a run say otherwise than its tables. */
  contradictions: string[];
  /** Where what the runs say that they have paid for is not what the providers' records say, to the token. */
  unaccounted: string[];
  /** What goes on, or stands, though a run has ended. */
  left: string[];
  /** Jobs that ran beside another of their key, and were not cancelled. */
  duplicateJobs: number;
  /** Chat and embedding requests that were answered in full, without a fault, once more. */
  resentRequests: number;
  /** Sum over the kills of workers and server: sent, but the answer not yet in the store. */
  inFlightAtKills: number;
  kills: number;
  serverRestarts: number;
  /** The limits of the budget that held the run up. */
  reached: Reached[];
  /** Requests to the provider that went wrong. */
  faults: number;
  seed: number;
  seconds: number;
  details: {
    /** Whether all that was to be killed was killed before the run ended. */
    complete: boolean;
    /** Why the run failed. */
    failure?: string;
    differences: string[];
    /** Jobs and batches that were cancelled: second ones of a key, and those that the budget has cancelled. */
    cancelled: number;
    /** How often a worker ended by itself, as it does when it starts without a server. */
    workerExits: number;
    requests: { undisturbed: number; disturbed: number };
    /** What the undisturbed run was paid for. */
    paid: Account;
    /** What was charged for answers that were lost, and given again. */
    again: Account;
    seconds: { undisturbed: number; disturbed: number };
    kills: Deed[];
  };
}

function isFine(result: Omit<ChaosResult, 'fine'>): boolean {
  const { identical, lost, contradictions, unaccounted, left, duplicateJobs } = result;
  const { resentRequests, inFlightAtKills, details } = result;
  return (
    identical &&
    lost === 0 &&
    [contradictions, unaccounted, left].every((found) => found.length === 0) &&
    duplicateJobs === 0 &&
    resentRequests <= inFlightAtKills &&
    details.complete
  );
}

const wronglyTold = (run: string, { told }: Outcome, expected: Account): string[] =>
  discrepancies(told, expected).map((difference) => `${run}, ${difference}`);

/**
 * Runs an evolution undisturbed, then with kills and faults, and compares what both
 * leave behind. @throws when the signal aborts, or when the undisturbed run fails
 */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { folder, sizes, kills, serverRestarts, seed, faultRate, say } = options;
  const begun = performance.now();
  const signal = await prepare(options);
  const place = PLACES[options.place];
  const spec = await writeTask(folder, RUN, sizes, place.changes);
  const stage = (name: string, rate: number): ArenaOptions => ({
    ...options,
    ...{ place, quirks: [] },
    folder: join(folder, name),
    faultRate: rate,
  });

  say('undisturbed run');
  const calm = await run(stage('undisturbed', 0), spec, signal);
  if (calm.failure) throw new Error(`the undisturbed run failed: ${calm.failure}`);
  if (calm.unstored !== 0) throw new Error(`${calm.unstored} requests without an answer in store`);
  say(`undisturbed run: ${calm.journal.length} requests, ${secondsOf(calm)} s`);

  const plan = planKills({
    ...{ kills, serverRestarts, seed },
    stepTimes: stepTimes(calm.journal).map((time) => time - calm.begunAt),
  });
  const deeds: Deed[] = [];
  const reached: Reached[] = [];
  const limits = options.budget ? limitsFor(calm.told) : [];
  const [tokens] = limits;
  const held = { ...spec, ...(options.budget && { budget: { tokens, jobs: options.budget } }) };
  const wild = await run(stage('disturbed', faultRate), held, signal, async (scene) => {
    await Promise.all([
      disturb({ ...scene, spec, dataset: calm.dataset, plan, deeds, say }),
      raiseWhenHeld({ ...scene, limits, lowers: options.budget === 'cancel', reached, say }),
    ]);
  });
  say(`disturbed run: ${wild.journal.length} requests, ${secondsOf(wild)} s`);

  const { identical, lost, differences } = compare(calm.tables, wild.tables);
  const { duplicates } = twins(wild.jobs);
  const { cancelled } = twins([...wild.jobs, ...wild.batches]);
  const bills = { undisturbed: charged(calm), disturbed: charged(wild, calm.journal) };
  const killed = (isServer: boolean) =>
    deeds.filter(({ victim }) => (victim === 'server') === isServer).length;
  const result = {
    identical,
    lost,
    contradictions: [...calm.contradictions, ...wild.contradictions],
    unaccounted: [
      ...wronglyTold('undisturbed', calm, bills.undisturbed.once),
      ...wronglyTold('disturbed', wild, bills.disturbed.once),
    ],
    left: [...calm.left, ...wild.left],
    duplicateJobs: duplicates,
    resentRequests: resentRequests(calm.journal, wild.journal),
    inFlightAtKills: deeds.reduce((sum, deed) => sum + (deed.unstored ?? 0), 0),
    kills: killed(false),
    serverRestarts: killed(true),
    reached,
    faults: wild.journal.filter((entry) => entry.fault !== undefined).length,
    seed,
    seconds: Math.round((performance.now() - begun) / 1000),
    details: {
      complete: deeds.length === plan.length && reached.length === Math.max(0, limits.length - 1),
      failure: wild.failure,
      differences: differences.slice(0, SHOWN),
      cancelled,
      workerExits: wild.workerExits,
      requests: { undisturbed: calm.journal.length, disturbed: wild.journal.length },
      paid: calm.told,
      again: bills.disturbed.again,
      seconds: { undisturbed: secondsOf(calm), disturbed: secondsOf(wild) },
      kills: deeds,
    },
  };
  return { fine: isFine(result), ...result };
}
