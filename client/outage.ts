import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { TemporalAway } from './errors.ts';

/** How long Temporal may be away, as for a restart, before it is given up. */
const AWAY_MS = 120_000;
const AGAIN_MS = 1_000;
/** Codes of gRPC that tell of the server or the way to it, not of what was asked. */
const OF_AN_OUTAGE: number[] = [
  2, // UNKNOWN
  4, // DEADLINE_EXCEEDED
  8, // RESOURCE_EXHAUSTED
  10, // ABORTED
  13, // INTERNAL
  14, // UNAVAILABLE
];

/**
 * Asks Temporal until it answers, over a short outage.
 * @throws TemporalAway after two minutes; the signal's reason; what `ask` fails with otherwise
 */
export async function overOutages<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const deadline = Date.now() + AWAY_MS;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isOutage(error)) throw error;
      if (Date.now() > deadline)
        throw new TemporalAway(
          `Temporal has not answered for ${AWAY_MS / 1000} s: what runs goes on when it is back; look again then`,
          { cause: error },
        );
    }
    await pause(AGAIN_MS, signal);
  }
}

/** Whether an error says that Temporal is away, or not itself. */
export function isOutage(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    // The namespace has answered when the client connected: a server that can hardly read its database says this, too.
    if (at instanceof NamespaceNotFoundError) return true;
    if (isGrpcServiceError(at)) return OF_AN_OUTAGE.includes(at.code);
  }
  return false;
}

/** Sleeps. @throws the signal's reason */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  signal?.throwIfAborted();
}
