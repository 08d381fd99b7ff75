import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { Progress } from '../core/types.ts';

const HEARTBEAT_MS = 2_000;

export interface Tracker {
  /** Aborts when the activity is cancelled or its worker has to stop. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  add(done: number): void;
  set(progress: Partial<Progress>): void;
}

/**
 * Runs a long activity's work, heartbeating its `Progress` all the while, also when nothing new is
 * done: heartbeats carry cancellation to the work, and tell Temporal that the worker lives.
 * @throws CancelledFailure for whatever goes wrong once the activity was cancelled
 */
export async function tracked<T>(
  start: Omit<Progress, 'done'>,
  work: (tracker: Tracker) => Promise<T>,
): Promise<T> {
  const progress: Progress = { done: 0, ...start };
  const beat = () => heartbeat(progress);
  beat();
  const timer = setInterval(beat, HEARTBEAT_MS);
  const signal = cancellationSignal();
  try {
    return await work({
      signal,
      attempt: activityInfo().attempt,
      add: (done) => {
        progress.done += done;
      },
      set: (change) => Object.assign(progress, change),
    });
  } catch (error) {
    // The libraries' own errors for an abort would count as failures of the activity.
    signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(timer);
  }
}
