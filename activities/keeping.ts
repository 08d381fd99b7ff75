import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../store/errors.ts';
import type { Tracker } from './progress.ts';

/** How long until a store that cannot be written to is tried again, in milliseconds. */
const AGAIN_MS = 1_000;

/**
 * Stores what was paid for. Where the store cannot take it, it is kept, and that told, until it can.
 * @param what is stored, for people
 * @throws what is no trouble of the storage, and the reason of the tracker's deadline
 */
export async function keepUntilStored(
  tracker: Tracker,
  what: string,
  store: () => Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      await store();
      tracker.set({ trouble: undefined });
      return;
    } catch (error) {
      if (!(error instanceof StoreError) || !error.isOfStorage) throw error;
      tracker.set({ trouble: `${error.message}; ${what} wait for it` });
      await sleep(AGAIN_MS, undefined, { signal: tracker.deadline });
    }
  }
}
