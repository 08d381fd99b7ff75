import { condition, setHandler, workflowInfo } from '@temporalio/workflow';
import { type Since, waitingTime, waitsFor } from '../../core/living/next.ts';
import type { NextSpec } from '../../core/living/spec.ts';
import type { RunPage } from '../runPage.ts';
import type { Arrivals } from './arrivals.ts';
import { nextRound } from './messages.ts';

/** Whether the next round may begin, and what it waits for. */
export interface Waiting {
  /** Whether a person has asked for a round that has not begun. */
  readonly isCalled: boolean;
  /** What is waited for now; undefined where nothing is. */
  readonly what: string | undefined;
  /**
   * Returns when the round may begin, or when it should be waited for in a new execution: the history is
   * long enough, or another build of the worker has become current.
   * @param since the last round; undefined before the first, which waits for nothing
   * @returns whether it may begin
   */
  untilDue(since: Since | undefined): Promise<boolean>;
}

/**
 * Waits until the next round is due, without looking: what comes in, a timer or a person wakes it.
 * Call it before the first await.
 * @param round the one that is to begin next
 */
export function handleWaiting(
  run: string,
  next: NextSpec | undefined,
  arrivals: Arrivals,
  { pause, show }: Pick<RunPage, 'pause' | 'show'>,
  { called, round }: { called: boolean; round: number },
): Waiting {
  let isCalled = called;
  let hasBegun = false;
  let since: Since | undefined;
  setHandler(nextRound, () => {
    isCalled = true;
    return { round: hasBegun ? round + 1 : round };
  });
  const begin = () => {
    hasBegun = true;
    isCalled = false;
    since = undefined;
    return true;
  };
  // One that is outdated from its beginning would be so again.
  const wasOutdated = workflowInfo().targetWorkerDeploymentVersionChanged;
  const isOver = () => {
    const { continueAsNewSuggested, targetWorkerDeploymentVersionChanged } = workflowInfo();
    return continueAsNewSuggested || (targetWorkerDeploymentVersionChanged && !wasOutdated);
  };
  const what = () =>
    since && next && arrivals.data ? waitsFor(run, next, since, arrivals.data.counts) : undefined;
  return {
    get isCalled() {
      return isCalled;
    },
    get what() {
      return what();
    },
    async untilDue(last) {
      if (!last) return begin();
      for (;;) {
        await pause.whilePaused();
        const { counts } = arrivals.data!;
        const left = isCalled ? 0 : waitingTime(next, last, counts, Date.now());
        if (isOver()) return false;
        if (left === 0) return begin();
        since = last;
        show();
        const isNews = () =>
          isCalled || pause.paused || arrivals.data!.counts !== counts || isOver();
        await (left === undefined ? condition(isNews) : condition(isNews, left));
      }
    },
  };
}
