import { setTimeout as sleep } from 'node:timers/promises';

/** Whatever was killed is back within this time. */
const PATIENCE_MS = 180_000;
const AGAIN_MS = 300;

/** Tries again what fails, as somebody does while a server is away. @throws the last error, after three minutes */
export async function insist<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  for (;;)
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      if (signal.aborted || Date.now() > until) throw error;
      await sleep(AGAIN_MS, undefined, { signal });
    }
}
