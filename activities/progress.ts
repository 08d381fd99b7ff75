import {
  activityInfo,
  type CancelledFailure,
  cancellationSignal,
  heartbeat,
} from '@temporalio/activity';
import type { Progress } from '../core/status.ts';
import type { Json } from '../core/types.ts';
import { Telling } from './telling.ts';

const HEARTBEAT_MS = 2_000;

/** What is heartbeated: the progress, what the workflow was told last, and what attempts hand on. */
type Beat = Progress & { told?: string; kept?: Json };

export interface Tracker {
  /** Aborts when the activity is cancelled or its worker stops: nothing new is begun. */
  readonly signal: AbortSignal;
  /**
   * Aborts when what runs is to be given up: together with `signal`, but when the worker stops only
   * after its grace.
   */
  readonly deadline: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** What the attempt before has kept; undefined where there is nothing. */
  readonly kept: Json | undefined;
  /** Keeps what the next attempt has to know, should there be one. */
  keep(what: () => Json): void;
  add(done: number): void;
  /** Heartbeats the trouble that there is, as long as there is any. */
  watch(trouble: () => string | undefined): void;
  set(progress: Partial<Progress>): void;
  /** The workflow is told of the progress when this changes; of trouble it is told anyway. */
  tell(news: () => string): void;
}

/**
 * Runs a long activity's work, heartbeating its `Progress` all the while, also when nothing new is
 * done: heartbeats carry cancellation to the work, and tell Temporal that the worker lives.
 * @param graceMs how long work may still run when its worker stops
 * @throws CancelledFailure for whatever goes wrong once the activity was cancelled. Where it was
 * the worker that stopped, the SDK makes it a failure that another worker repeats at once.
 */
export async function tracked<T>(
  start: Omit<Progress, 'done'>,
  work: (tracker: Tracker) => Promise<T>,
  graceMs = 0,
): Promise<T> {
  const progress: Progress = { done: 0, ...start };
  let troubleNow = (): string | undefined => undefined;
  let news = () => '';
  const before = activityInfo().heartbeatDetails as Beat | undefined;
  let kept = (): Json | undefined => before?.kept;
  const telling = new Telling(before?.told);
  const first = progress.done;
  const beat = () => {
    // Not from the start: a job may have been queued for days.
    if (progress.done !== first) progress.paced ??= { at: Date.now(), done: progress.done };
    const now = { ...progress, trouble: progress.trouble ?? troubleNow() };
    const told: Beat = { ...now, told: telling.told, kept: kept() };
    heartbeat(told);
    telling.offer(now, news());
  };
  beat();
  const timer = setInterval(beat, HEARTBEAT_MS);
  const signal = cancellationSignal();
  const deadline = deadlineOf(signal, graceMs);
  try {
    const result = await work({
      signal,
      deadline: deadline.signal,
      attempt: activityInfo().attempt,
      kept: before?.kept,
      keep: (what) => {
        kept = what;
      },
      add: (done) => {
        progress.done += done;
      },
      watch: (trouble) => {
        troubleNow = trouble;
      },
      set: (change) => Object.assign(progress, change),
      tell: (what) => {
        news = what;
      },
    });
    await telling.end(progress);
    return result;
  } catch (error) {
    // The libraries' own errors for an abort would count as failures of the activity.
    signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(timer);
    deadline.clear();
  }
}

function deadlineOf(signal: AbortSignal, graceMs: number): { signal: AbortSignal; clear(): void } {
  const deadline = new AbortController();
  const abort = () => deadline.abort(signal.reason);
  let timer: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => {
    if ((signal.reason as CancelledFailure).message === 'WORKER_SHUTDOWN')
      timer = setTimeout(abort, graceMs);
    else abort();
  });
  return { signal: deadline.signal, clear: () => clearTimeout(timer) };
}
