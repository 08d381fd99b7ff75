import { allHandlersFinished, condition, workflowInfo } from '@temporalio/workflow';
import type { PauseState } from './messages.ts';

/**
 * Batches an execution works through before it continues as new: some 25 events each. A history is
 * as long for ten thousand examples as for a million.
 */
const BATCHES = 40;

export interface FanOut {
  /** Size of the split. */
  total: number;
  /** Examples a batch. */
  size: number;
  /** Batches at the same time. */
  window: number;
  /** The first batch that is still to do. */
  from: number;
}

/**
 * Works through batches in a sliding window: as one ends the next begins, so a slow batch holds up
 * no other. Opens no batches while paused, and no more than one execution should have.
 * @param batches how many there are in all
 * @param work is given the number of a batch, from 0
 * @returns the next batch to do; all are done when it equals `batches`
 */
export async function fanOut(
  batches: number,
  { window, from }: FanOut,
  pause: PauseState,
  work: (batch: number) => Promise<void>,
): Promise<number> {
  const end = Math.min(from + BATCHES, batches);
  let next = from;
  const lane = async () => {
    while (next < end) {
      await pause.whilePaused();
      if (next >= end || workflowInfo().continueAsNewSuggested) return;
      await work(next++);
    }
  };
  await Promise.all(Array.from({ length: Math.min(window, end - from) }, lane));
  await condition(allHandlersFinished);
  return next;
}
