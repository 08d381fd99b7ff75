import type { JournalEntry } from '../../testing/requests.ts';
import { chance } from '../../testing/wire.ts';
import { stepsOf } from './accounts.ts';
import type { Nuisance } from './nuisances.ts';

/** Who is killed: a worker, what answers (a gateway), or the Temporal server. */
export type Victim = 'worker' | 'gateway' | 'server';

export interface Kill {
  victim: Victim;
  /** It falls when the run has taken so many steps, see `stepTimes` of accounts.ts … */
  afterStep: number;
  /** … and so many milliseconds have gone by. */
  delayMs: number;
  /** 0 to 1: which of several, and for how long it stays down. */
  luck: number;
}

export interface KillPlan {
  /** Of workers and, a fifth of them, of gateways. */
  kills: number;
  /** Of the Temporal server, in addition. */
  serverRestarts: number;
  /** When the steps of an undisturbed run were taken, in milliseconds from its beginning. */
  stepTimes: number[];
  seed: number;
}

/** Share of the run in which kills fall: the last one needs some time before the run ends. */
const SHARE = 0.95;

/**
 * The kills in order: one at a random moment of each of as many equal parts of the undisturbed
 * run's time, so that they are spread over its phases. Follows from its input.
 */
export function planKills({ kills, serverRestarts, stepTimes, seed }: KillPlan): Kill[] {
  const totalMs = SHARE * (stepTimes.at(-1) ?? 0);
  const gateways = kills < 2 ? 0 : Math.max(1, Math.round(kills / 5));
  const victims: Victim[] = [
    ...Array<Victim>(kills - gateways).fill('worker'),
    ...Array<Victim>(gateways).fill('gateway'),
    ...Array<Victim>(serverRestarts).fill('server'),
  ];
  const order = victims.map((_, index) => index);
  order.sort((a, b) => chance('order', seed, a) - chance('order', seed, b));
  return order.map((of, place) => {
    const moment = ((place + chance('moment', seed, place)) / order.length) * totalMs;
    const afterStep = stepTimes.filter((time) => time <= moment).length;
    return {
      victim: victims[of]!,
      afterStep,
      delayMs: moment - (stepTimes[afterStep - 1] ?? 0),
      luck: chance('luck', seed, place),
    };
  });
}

/** A nuisance, and with which of the steps on its route it begins (1 is the first). */
export interface Planned {
  nuisance: Nuisance;
  step: number;
}

/**
 * Nuisances in the order in which their steps came in an undisturbed run; each begins with a random
 * one of those it may begin with. Follows from its input.
 */
export function planNuisances(
  nuisances: Nuisance[],
  { undisturbed, seed }: { undisturbed: JournalEntry[]; seed: number },
): Planned[] {
  const steps = stepsOf(undisturbed);
  const placed = nuisances.map((nuisance) => {
    const on = onRoute(steps, nuisance);
    const [from, to] = nuisance.between;
    const place = Math.floor((from + (to - from) * chance(nuisance.name, seed)) * on.length);
    return { nuisance, step: place + 1, at: on[place]!.arrivedAt };
  });
  return placed.sort((a, b) => a.at - b.at).map(({ nuisance, step }) => ({ nuisance, step }));
}

/** Those of the steps that a nuisance may begin with, in the run or a part of it. */
export function onRoute(steps: JournalEntry[], { route }: Nuisance): JournalEntry[] {
  return steps.filter(({ method, path }) => route.test(`${method} ${path}`));
}
