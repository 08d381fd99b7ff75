import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks, so that what is looked at has the time to go on. */
const PAUSE_MS = 20;

/** Looks until what is seen is so. @returns it */
export async function lookUntil<T>(
  look: () => T | Promise<T>,
  isSo: (seen: T) => unknown,
): Promise<T> {
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    await sleep(PAUSE_MS);
  }
}
