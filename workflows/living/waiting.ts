import { condition, setHandler, workflowInfo } from '@temporalio/workflow';
import { finalFailure } from '../../core/failures.ts';
import { type Called, type Since, waitingTime, waitsFor } from '../../core/living/next.ts';
import { isLast } from '../../core/living/rounds.ts';
import type { Plan } from '../../core/plan.ts';
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
 * @param round the one that is to begin next, or is under way
 */
export function handleWaiting(
  run: string,
  plan: Pick<Plan, 'next' | 'rounds'>,
  arrivals: Arrivals,
  { pause, show }: Pick<RunPage, 'pause' | 'show'>,
  { called, round, underWay }: { called: boolean; round: number; underWay: boolean },
): Waiting {
  const { next } = plan;
  let isCalled = called;
  let hasBegun = underWay;
  let since: Since | undefined;
  setHandler(
    nextRound,
    (): Called => {
      isCalled = true;
      if (hasBegun) return { round: round + 1, after: 'round' };
      const after = pause.paused ? 'pause' : arrivals.data ? undefined : 'data';
      return { round, ...(after && { after }) };
    },
    {
      validator() {
        if (!hasBegun || !isLast(plan, round)) return;
        throw finalFailure(
          'RoundRefused',
          `no round follows: round ${round} is under way, and the last of the run`,
        );
      },
    },
  );
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
