import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSpec } from '../../core/spec.ts';
import type { JournalEntry } from '../../testing/requests.ts';
import { stepTimes, unstored } from './accounts.ts';
import type { Kill } from './plan.ts';
import type { Scene } from './run.ts';
import type { Service } from './service.ts';

/** How long what was killed stays down, at the most. */
const DOWN_MS = { worker: 500, gateway: 2_000, server: 3_000 };

/** A kill as it happened. */
export interface Deed {
  victim: string;
  /** After so many seconds of the run. */
  second: number;
  /** The latest request to the provider before it. */
  during: string;
  /** Requests that had been sent, whose answers were not in the store. Not of the gateway. */
  unstored?: number;
}

export interface Disturbance extends Scene {
  spec: RunSpec;
  dataset: string;
  plan: Kill[];
  /** Takes in what was done. */
  deeds: Deed[];
  say(line: string): void;
}

/** Kills as planned, each when the run has come so far, until the plan or the run ends. */
export async function disturb(disturbance: Disturbance): Promise<void> {
  const { arena, plan, deeds, say, signal } = disturbance;
  const begun = performance.now();
  for (const kill of plan) {
    await untilDue(kill, disturbance);
    if (signal.aborted) return;
    const victim = await choose(kill, disturbance);
    const during = nameOf(arena.journal.read().at(-1));
    const second = Math.round((performance.now() - begun) / 1000);
    const downMs = DOWN_MS[kill.victim] * kill.luck;
    const deed: Deed = { victim: kill.victim, second, during };
    if (kill.victim === 'gateway') await victim.kill(downMs);
    else deed.unstored = await killFrozen(victim, downMs, disturbance);
    deeds.push(deed);
    say(
      `${second} s: kill ${deeds.length}/${plan.length}, ${victim.name} during ${during}, ${deed.unstored ?? 'some'} requests in flight`,
    );
    if (kill.victim !== 'worker') await victim.ready();
  }
}

/** Resolves at the moment of a kill, and where the run is quicker than its model, at its next step. */
async function untilDue({ afterStep, delayMs }: Kill, { arena, signal }: Disturbance) {
  const pause = new AbortController();
  const until = AbortSignal.any([signal, pause.signal]);
  const steps = (count: number) =>
    arena.journal.until((journal) => stepTimes(journal).length >= count, until).catch(() => {});
  await steps(afterStep);
  const wait = sleep(delayMs, undefined, { signal: until }).catch(() => {});
  await Promise.race([wait, steps(afterStep + 1)]);
  pause.abort();
}

/** Of workers a random one that is ready, of what answers each in turn, the last first. */
async function choose({ victim, luck }: Kill, { arena, deeds }: Disturbance): Promise<Service> {
  if (victim === 'server') return arena.server;
  if (victim === 'gateway') {
    const before = deeds.filter((deed) => deed.victim === victim).length;
    return arena.gateways.toReversed()[before % arena.gateways.length]!;
  }
  await Promise.race(arena.workers.map((worker) => worker.ready()));
  const ready = arena.workers.filter((worker) => worker.isReady);
  return ready[Math.floor(luck * ready.length)]!;
}

/** Kills while all workers hold still, so that what is in flight can be counted. */
async function killFrozen(
  victim: Service,
  downMs: number,
  { arena, store, spec, dataset }: Disturbance,
): Promise<number> {
  const workers = arena.workers.filter((worker) => worker.isReady);
  for (const worker of workers) worker.freeze();
  try {
    return await unstored(await arena.settledJournal(), store, dataset, spec);
  } finally {
    await victim.kill(downMs);
    for (const worker of workers) if (worker !== victim) worker.thaw();
  }
}

/** What a request is about, e.g. `GET /fine_tuning/jobs/:id`. */
export function nameOf(entry: JournalEntry | undefined): string {
  if (!entry) return 'the start';
  return `${entry.method} ${entry.path.replace(/ftjob-[^/]+/, ':id')}`;
}
