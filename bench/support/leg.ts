import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchEndpoint, type EndpointStats, WINDOW_MS } from './endpoint.ts';

/** What an endpoint saw of a piece of work. */
export interface Leg {
  /** Chat requests. */
  requests: number;
  /** From the first of them to the last. */
  seconds: number;
  perSecond: number;
}

const PROBE_MS = 20;

/** Does the work and counts, by the endpoint's own counters, what it asked. */
export async function measureLeg(endpoint: BenchEndpoint, work: () => Promise<void>): Promise<Leg> {
  const before = chats(await endpoint.stats());
  let isWorking = true;
  const working = work().finally(() => {
    isWorking = false;
  });
  working.catch(() => {}); // told below
  while (isWorking && chats(await endpoint.stats()) === before) await sleep(PROBE_MS);
  const beginsAt = Date.now();
  await working;
  const stats = await endpoint.stats();
  // The windows end with the last request.
  const endsAt = stats.startedAt + stats.accepted.length * WINDOW_MS;
  const requests = chats(stats) - before;
  const seconds = (endsAt - beginsAt) / 1000;
  return { requests, seconds, perSecond: requests / seconds };
}

const chats = ({ paths }: EndpointStats) => paths['/chat/completions']?.requests ?? 0;
