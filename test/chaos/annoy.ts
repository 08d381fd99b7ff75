import { setTimeout as sleep } from 'node:timers/promises';
import type { RunSpec } from '../../core/spec.ts';
import type { Disk } from '../store/disk.ts';
import { stepsOf, unstoredAnswers } from './accounts.ts';
import { nameOf } from './disturb.ts';
import type { Nuisance } from './nuisances.ts';
import { onRoute, type Planned } from './plan.ts';
import type { Scene } from './run.ts';

/** A nuisance as it happened. */
export interface Annoyed {
  nuisance: string;
  /** After so many seconds of the run. */
  second: number;
  /** The latest request to the provider before it. */
  during: string;
  /** Answers that might have been paid for in vain: asked for, and not in the store. */
  inFlight: number;
}

export interface Annoyance extends Scene {
  spec: RunSpec;
  dataset: string;
  disk?: Disk;
  plan: Planned[];
  /** On the time that nuisances last. */
  scale: number;
  /** Takes in what was done. */
  annoyed: Annoyed[];
  say(line: string): void;
}

/** Nuisances as planned, each when the run has come so far, until the plan or the run ends. */
export async function annoy(annoyance: Annoyance): Promise<void> {
  const { arena, plan, scale, annoyed, say, signal } = annoyance;
  const begun = performance.now();
  for (const [index, { nuisance, step }] of plan.entries()) {
    await arena.journal
      .until((journal) => onRoute(stepsOf(journal), nuisance).length >= step, signal)
      .catch(() => {});
    if (signal.aborted) return;
    const during = nameOf(arena.journal.read().at(-1));
    const second = Math.round((performance.now() - begun) / 1000);
    const { inFlight, end } = await begin(nuisance, annoyance);
    annoyed.push({ nuisance: nuisance.name, second, during, inFlight });
    const seconds = Math.max(nuisance.least ?? 0, scale * nuisance.seconds);
    say(
      `${second} s: ${index + 1}/${plan.length}, ${nuisance.name} for ${seconds} s during ${during}`,
    );
    await sleep(1000 * seconds, undefined, { signal }).catch(() => {});
    await end();
  }
}

/** Begins one; where requests may be under way to no purpose, while all workers hold still. */
async function begin(nuisance: Nuisance, annoyance: Annoyance) {
  if (!nuisance.wastes) return { inFlight: 0, end: await nuisance.begin(annoyance) };
  const { arena, store, spec, dataset } = annoyance;
  const workers = arena.workers.filter(({ isReady }) => isReady);
  for (const worker of workers) worker.freeze();
  try {
    const inFlight = await unstoredAnswers(await arena.settledJournal(), store, dataset, spec);
    return { inFlight, end: await nuisance.begin(annoyance) };
  } finally {
    for (const worker of workers) worker.thaw();
  }
}
