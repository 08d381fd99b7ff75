import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import {
  addFailing,
  addFailingFor,
  type Failing,
  type FailingFor,
  failingText,
  NONE_FAILING,
  type Tolerance,
} from '../core/failing.ts';
import type { PauseState } from './messages.ts';

/** Does what asks models, and does not go on for long while too many examples fail. */
export interface Asking {
  /** What has been asked since the run was resumed last. */
  readonly soFar: Failing;
  /**
   * The result of an activity that asks. Where too many examples fail it pauses until somebody resumes
   * the run, and asks again about those: nothing of them is stored.
   */
  ask<T extends object>(work: (tolerance: Tolerance) => Promise<T>): Promise<T>;
}

/** @param soFar what the execution before has asked */
export function askingIn(
  run: string,
  most: number | undefined,
  pause: PauseState,
  soFar: Failing = NONE_FAILING,
): Asking {
  let before = soFar;
  /** Of the activities that failed since then. */
  let failed: FailingFor | undefined;
  return {
    get soFar() {
      return before;
    },
    async ask(work) {
      for (;;) {
        try {
          const result = await work({ most: most ?? USUAL, before });
          if ('failing' in result) before = addFailing(before, result.failing as Failing);
          return result;
        } catch (error) {
          const failing = failingIn(error);
          if (!failing) throw error;
          failed = failed ? addFailingFor(failed, failing) : failing;
          const why = `${failingText(failed)}. "semievol resume ${run}" asks again about them`;
          const since = pause.hold?.since ?? Date.now();
          pause.halt({ since, why, warning: 'ExamplesFail' });
          await pause.whilePaused();
          failed = undefined;
          before = NONE_FAILING;
        }
      }
    },
  };
}

/** Of runs that were begun before there was a choice. */
const USUAL = 0.5;

/** What an activity has counted that failed since too many examples did. */
function failingIn(error: unknown): FailingFor | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  const isOfThese = cause instanceof ApplicationFailure && cause.type === 'MostlyUnanswered';
  return isOfThese ? (cause.details?.[0] as FailingFor | undefined) : undefined;
}
