import { chance } from '../support/provider/wire.ts';

/** Who is killed: a worker, the provider (the gateway), or the Temporal server. */
export type Victim = 'worker' | 'gateway' | 'server';

export interface Kill {
  victim: Victim;
  /** It falls when the run has come so far, in steps (see `steps` of accounts.ts). */
  atStep: number;
  /** 0 to 1: which of several, and for how long it stays down. */
  luck: number;
}

export interface KillPlan {
  /** Of workers and, a fifth of them, of the gateway. */
  kills: number;
  /** Of the Temporal server, in addition. */
  serverRestarts: number;
  /** How many steps an undisturbed run has. */
  steps: number;
  seed: number;
}

/** The kills in order, one in each of as many equal parts of the run. Follows from its input. */
export function planKills({ kills, serverRestarts, steps, seed }: KillPlan): Kill[] {
  const gateways = kills < 2 ? 0 : Math.max(1, Math.round(kills / 5));
  const victims: Victim[] = [
    ...Array<Victim>(kills - gateways).fill('worker'),
    ...Array<Victim>(gateways).fill('gateway'),
    ...Array<Victim>(serverRestarts).fill('server'),
  ];
  const order = victims.map((_, index) => index);
  order.sort((a, b) => chance('order', seed, a) - chance('order', seed, b));
  return order.map((of, place) => ({
    victim: victims[of]!,
    atStep: Math.floor(((place + chance('moment', seed, place)) / order.length) * steps),
    luck: chance('luck', seed, place),
  }));
}
