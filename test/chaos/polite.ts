import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunSpec } from '../../core/spec.ts';
import { goldAnswer } from '../../testing/model.ts';
import { POISON } from '../../testing/quirks/quirk.ts';
import { LABELS } from '../../testing/task.ts';
import { Disk, whyNoDisk } from '../store/disk.ts';
import { writeTask } from '../support/stack.ts';
import { resentRequests, twins } from './accounts.ts';
import { type Annoyed, annoy } from './annoy.ts';
import type { ArenaOptions } from './arena.ts';
import { FULL_STORE, NUISANCES, type Nuisance, STOPPED_WORKER } from './nuisances.ts';
import { CHANGES, gateway } from './places/gateway.ts';
import { planNuisances } from './plan.ts';
import { type Outcome, run } from './run.ts';
import { prepare, RUN, type Setting, SHOWN, secondsOf } from './setting.ts';
import { compare } from './tables.ts';

/** The store on it holds a run, and the space that the product wants to be free. */
const DISK_BYTES = 192 * 1024 ** 2;
/** Of an endpoint, unless its configuration says otherwise. */
const FINAL_AFTER_SECONDS = 120;

export interface PoliteOptions extends Setting {
  /** On the time that outages last, and that a provider's refusal takes to be final: less in tests. */
  scale: number;
}

export interface PoliteResult {
  /** Whether it is what SemiEvol promises. */
  fine: boolean;
  /** Every final table and the lineage of the models are those of the undisturbed run. */
  identical: boolean;
  /** Rows of the undisturbed run that the disturbed one has not. */
  lost: number;
  /** Where the reports of any of the runs say otherwise than its tables. */
  contradictions: string[];
  /** Jobs that ran beside another of their key, and were not cancelled, in any of the runs. */
  duplicateJobs: number;
  /** Chat and embedding requests that were answered in full, without a fault, once more … */
  resentRequests: { outages: number; stoppedWorker: number };
  /** … and those that were under way when the store was full, and when the worker was stopped. */
  inFlight: { outages: number; stoppedWorker: number };
  seed: number;
  seconds: number;
  details: {
    /** Whether every nuisance came before the run ended. */
    complete: boolean;
    /** What could not be done here, and why. */
    leftOut?: string;
    /** Why a run failed. */
    failures: string[];
    differences: string[];
    requests: Record<keyof Runs, number>;
    seconds: Record<keyof Runs, number>;
    nuisances: Annoyed[];
  };
}

interface Runs {
  undisturbed: Outcome;
  outages: Outcome;
  stoppedWorker: Outcome;
}

function isFine(result: Omit<PoliteResult, 'fine'>): boolean {
  const { identical, lost, contradictions, duplicateJobs, details } = result;
  const { resentRequests: resent, inFlight } = result;
  return (
    identical &&
    lost === 0 &&
    contradictions.length === 0 &&
    duplicateJobs === 0 &&
    resent.outages <= inFlight.outages &&
    resent.stoppedWorker <= inFlight.stoppedWorker &&
    details.failures.length === 0 &&
    details.complete
  );
}

/**
 * Runs an evolution of two rounds undisturbed, with outages that are told politely, and with a
 * worker that is stopped for a while and a provider that answers otherwise each time. In the first
 * two a text of every split is one that the provider fails on for good; what they leave behind is
 * compared. @throws when the signal aborts, or when the undisturbed run fails
 */
export async function polite(options: PoliteOptions): Promise<PoliteResult> {
  const { folder, seed, scale, say } = options;
  const begun = performance.now();
  const signal = await prepare(options);
  const leftOut = await whyNoDisk();
  const nuisances = leftOut ? NUISANCES : [...NUISANCES, FULL_STORE];
  const stage = (name: keyof Runs): ArenaOptions => ({
    ...options,
    folder: join(folder, name),
    ...{ place: gateway, faultRate: 0 },
    finalAfterSeconds: FINAL_AFTER_SECONDS * scale,
    quirks: name === 'stoppedWorker' ? ['unsteady'] : ['context-500', 'embed-500'],
  });
  const report = (name: string, outcome: Outcome) =>
    say(`${name}: ${outcome.journal.length} requests, ${secondsOf(outcome)} s`);

  say('undisturbed run');
  const undisturbed = await run(stage('undisturbed'), await writeData(options), signal);
  if (undisturbed.failure) throw new Error(`the undisturbed run failed: ${undisturbed.failure}`);
  report('undisturbed run', undisturbed);

  const annoyed: Annoyed[] = [];
  const disturbed = async (name: keyof Runs, nuisances: Nuisance[], disk?: Disk) => {
    const spec = await writeData(options);
    const plan = planNuisances(nuisances, { undisturbed: undisturbed.journal, seed });
    const outcome = await run(
      { ...stage(name), storeFolder: disk?.folder },
      spec,
      signal,
      (scene) =>
        annoy({ ...scene, spec, dataset: undisturbed.dataset, disk, plan, scale, annoyed, say }),
    );
    report(name, outcome);
    return outcome;
  };
  const disk = leftOut ? undefined : await Disk.open({ size: DISK_BYTES });
  const outages = await disturbed('outages', nuisances, disk).finally(() => disk?.close());
  const stoppedWorker = await disturbed('stoppedWorker', [STOPPED_WORKER]);

  const runs: Runs = { undisturbed, outages, stoppedWorker };
  const each = <T>(of: (outcome: Outcome) => T) =>
    Object.fromEntries(Object.entries(runs).map(([name, one]) => [name, of(one)])) as Record<
      keyof Runs,
      T
    >;
  const { identical, lost, differences } = compare(undisturbed.tables, outages.tables);
  const stopped = ({ nuisance }: Annoyed) => nuisance === STOPPED_WORKER.name;
  const inFlight = (some: Annoyed[]) => some.reduce((sum, { inFlight }) => sum + inFlight, 0);
  const result = {
    identical,
    lost,
    contradictions: Object.values(each(({ contradictions }) => contradictions)).flat(),
    duplicateJobs: Object.values(runs).reduce((sum, { jobs }) => sum + twins(jobs).duplicates, 0),
    resentRequests: {
      outages: resentRequests(undisturbed.journal, outages.journal),
      stoppedWorker: resentRequests([], stoppedWorker.journal),
    },
    inFlight: {
      outages: inFlight(annoyed.filter((one) => !stopped(one))),
      stoppedWorker: inFlight(annoyed.filter(stopped)),
    },
    seed,
    seconds: Math.round((performance.now() - begun) / 1000),
    details: {
      complete: annoyed.length === nuisances.length + 1,
      leftOut: leftOut && `${FULL_STORE.name}: ${leftOut}`,
      failures: Object.values(runs).flatMap(({ failure }) => failure ?? []),
      differences: differences.slice(0, SHOWN),
      requests: each(({ journal }) => journal.length),
      seconds: each(secondsOf),
      nuisances: annoyed,
    },
  };
  return { fine: isFine(result), ...result };
}

/** Writes the data afresh, with a text in every split that the provider may fail on. */
async function writeData({ folder, sizes }: PoliteOptions): Promise<RunSpec> {
  const spec = await writeTask(folder, RUN, sizes, CHANGES);
  for (const split of ['labelled', 'unlabelled', 'test'] as const) {
    const question = `the ${POISON} of the ${split} ones`;
    const row = { question, answer: goldAnswer(question, LABELS) };
    await appendFile(spec.data[split][0]!, `${JSON.stringify(row)}\n`);
  }
  return spec;
}
