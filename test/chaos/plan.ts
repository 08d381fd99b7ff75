import { chance } from '../support/provider/wire.ts';

/** Who is killed: a worker, the provider (the gateway), or the Temporal server. */
export type Victim = 'worker' | 'gateway' | 'server';

export interface Kill {
  victim: Victim;
  /** It falls when the run has come so far, see `stepTimes` of accounts.ts … */
  afterStep: number;
  /** … and so many milliseconds have gone by. */
  delayMs: number;
  /** 0 to 1: which of several, and for how long it stays down. */
  luck: number;
}

export interface KillPlan {
  /** Of workers and, a fifth of them, of the gateway. */
  kills: number;
  /** Of the Temporal server, in addition. */
  serverRestarts: number;
  /** When the steps of an undisturbed run were taken, in milliseconds from its beginning. */
  stepTimes: number[];
  /** How long that run took. */
  totalMs: number;
  seed: number;
}

/**
 * The kills in order: one at a random moment of each of as many equal parts of the undisturbed
 * run's time, so that they are spread over its phases. Follows from its input.
 */
export function planKills({ kills, serverRestarts, stepTimes, totalMs, seed }: KillPlan): Kill[] {
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
