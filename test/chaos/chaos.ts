import { join } from 'node:path';
import { writeTask } from '../support/stack.ts';
import { resentRequests, stepTimes, twins } from './accounts.ts';
import type { ArenaOptions } from './arena.ts';
import { type Deed, disturb } from './disturb.ts';
import { planKills } from './plan.ts';
import { run } from './run.ts';
import { CHANGES, prepare, RUN, type Setting, SHOWN, SPREAD, secondsOf } from './setting.ts';
import { compare } from './tables.ts';

export interface ChaosOptions extends Setting {
  /** Whether the collaborators sit at two providers and the engine. */
  isSpread: boolean;
  /** kill -9 of a worker, a provider or the engine. */
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
  /** Jobs that ran beside another of their key, and were not cancelled. */
  duplicateJobs: number;
  /** Chat and embedding requests that were answered in full, without a fault, once more. */
  resentRequests: number;
  /** Sum over the kills of workers and server: sent, but the answer not yet in the store. */
  inFlightAtKills: number;
  kills: number;
  serverRestarts: number;
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
    /** Second jobs of a key that were cancelled in time. */
    cancelledTwins: number;
    /** How often a worker ended by itself, as it does when it starts without a server. */
    workerExits: number;
    requests: { undisturbed: number; disturbed: number };
    seconds: { undisturbed: number; disturbed: number };
    kills: Deed[];
  };
}

function isFine(result: Omit<ChaosResult, 'fine'>): boolean {
  const { identical, lost, contradictions, duplicateJobs } = result;
  const { resentRequests, inFlightAtKills, details } = result;
  return (
    identical &&
    lost === 0 &&
    contradictions.length === 0 &&
    duplicateJobs === 0 &&
    resentRequests <= inFlightAtKills &&
    details.complete
  );
}

/**
 * Runs an evolution of two rounds undisturbed, then with kills and faults, and compares what both
 * leave behind. @throws when the signal aborts, or when the undisturbed run fails
 */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { folder, sizes, isSpread, kills, serverRestarts, seed, faultRate, say } = options;
  const begun = performance.now();
  const signal = await prepare(options);
  const spec = await writeTask(folder, RUN, sizes, isSpread ? SPREAD : CHANGES);
  const stage = (name: string, rate: number): ArenaOptions => ({
    ...options,
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
  const wild = await run(stage('disturbed', faultRate), spec, signal, (scene) =>
    disturb({ ...scene, spec, dataset: calm.dataset, plan, deeds, say }),
  );
  say(`disturbed run: ${wild.journal.length} requests, ${secondsOf(wild)} s`);

  const { identical, lost, differences } = compare(calm.tables, wild.tables);
  const { duplicates, cancelled } = twins(wild.jobs);
  const killed = (isServer: boolean) =>
    deeds.filter(({ victim }) => (victim === 'server') === isServer).length;
  const result = {
    identical,
    lost,
    contradictions: [...calm.contradictions, ...wild.contradictions],
    duplicateJobs: duplicates,
    resentRequests: resentRequests(calm.journal, wild.journal),
    inFlightAtKills: deeds.reduce((sum, deed) => sum + (deed.unstored ?? 0), 0),
    kills: killed(false),
    serverRestarts: killed(true),
    faults: wild.journal.filter((entry) => entry.fault !== undefined).length,
    seed,
    seconds: Math.round((performance.now() - begun) / 1000),
    details: {
      complete: deeds.length === plan.length,
      failure: wild.failure,
      differences: differences.slice(0, SHOWN),
      cancelledTwins: cancelled,
      workerExits: wild.workerExits,
      requests: { undisturbed: calm.journal.length, disturbed: wild.journal.length },
      seconds: { undisturbed: secondsOf(calm), disturbed: secondsOf(wild) },
      kills: deeds,
    },
  };
  return { fine: isFine(result), ...result };
}
