import { type BenchEndpoint, WINDOW_MS } from './endpoint.ts';

/** What an endpoint saw of a piece of work. */
export interface Leg {
  /** Chat requests. */
  requests: number;
  /** From the first request to the last. */
  seconds: number;
  perSecond: number;
}

const CHAT = '/chat/completions';

/** Does the work and counts, by the endpoint's own counters, what it asked. */
export async function measureLeg(endpoint: BenchEndpoint, work: () => Promise<void>): Promise<Leg> {
  const before = await endpoint.stats();
  await work();
  const { accepted, paths } = await endpoint.stats();
  const windows = accepted.slice(before.accepted.length);
  const first = windows.findIndex((count) => count > 0);
  const seconds = ((windows.length - first) * WINDOW_MS) / 1000;
  const requests = (paths[CHAT]?.requests ?? 0) - (before.paths[CHAT]?.requests ?? 0);
  return { requests, seconds, perSecond: requests / seconds };
}
