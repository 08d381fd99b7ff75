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

/** The batch before which an execution ends that begins with `from`. @param batches in all */
export const endOf = (from: number, batches: number): number => Math.min(from + BATCHES, batches);

/** Some of the batches of a split, as one after the other is begun. */
export interface Lane {
  /** The first to do. */
  from: number;
  /** The one before which to stop. */
  end: number;
  /** Batches at the same time. */
  window: number;
  /** @param batch its number, from 0 */
  work(batch: number): Promise<void>;
  /** Whether what has to come before a batch has been done; else it is waited for. */
  mayBegin?(batch: number): boolean;
}

/** Which batches have been done: all before the first of this execution, and some of its own. */
export class BatchSet {
  readonly from: number;
  readonly #batches = new Set<number>();

  constructor(from: number) {
    this.from = from;
  }

  get count(): number {
    return this.from + this.#batches.size;
  }

  add(batch: number): void {
    this.#batches.add(batch);
  }

  has(batch: number): boolean {
    return batch < this.from || this.#batches.has(batch);
  }
}

/**
 * Works through batches in a sliding window: as one ends the next begins, so a slow batch holds up
 * no other. Opens no batches while paused, and no more than one execution should have.
 * @returns the next batch to do
 */
export async function fanOut(
  { from, end, window, work, mayBegin = () => true }: Lane,
  pause: PauseState,
): Promise<number> {
  let next = from;
  const isOver = () => next >= end || workflowInfo().continueAsNewSuggested;
  const isReady = () => !pause.paused && mayBegin(next);
  const slot = async () => {
    while (!isOver()) {
      if (isReady()) await work(next++);
      else await condition(() => isOver() || isReady());
    }
  };
  await Promise.all(Array.from({ length: Math.min(window, end - from) }, slot));
  await condition(allHandlersFinished);
  return next;
}
