import type { Workflow, WorkflowResultType } from '@temporalio/common';
import {
  type ChildWorkflowHandle,
  condition,
  defineQuery,
  defineSignal,
  type SignalDefinition,
  setHandler,
} from '@temporalio/workflow';
import type { GridStatus } from '../core/grid/status.ts';
import type { Hold, Progress, RoundStatus, RunStatus } from '../core/status.ts';
import { oneByOne } from './news.ts';

/** No new batch or phase begins until `resume`; what runs is finished. Jobs at a provider go on. */
export const pause = defineSignal('pause');
/** What was paused goes on. */
export const resume = defineSignal('resume');

/** Every workflow answers `status`, each about its own work. */
export const gridStatus = defineQuery<GridStatus>('status');
export const runStatus = defineQuery<RunStatus>('status');
export const roundStatus = defineQuery<RoundStatus>('status');
export const progress = defineQuery<Progress>('status');

export interface PauseState {
  readonly paused: boolean;
  /** Since when, in epoch milliseconds. */
  readonly pausedAt: number | undefined;
  /** Why, where it has paused by itself. */
  readonly hold: Hold | undefined;
  /** Pauses this workflow until `resume`. */
  halt(hold: Hold): void;
  /** Has a function called whenever it was paused or resumed. */
  onChange(listener: () => void): void;
  /** Returns at once unless paused, else when resumed. */
  whilePaused(): Promise<void>;
  /** The child's result; until then it is paused and resumed with us. */
  follow<T extends Workflow>(
    starting: Promise<ChildWorkflowHandle<T>>,
  ): Promise<WorkflowResultType<T>>;
}

/** Handles `pause` and `resume`; call it before the first await. */
export function handlePause(initially: boolean): PauseState {
  let paused = initially;
  let pausedAt = initially ? Date.now() : undefined;
  let hold: Hold | undefined;
  let changed = () => {};
  const children = new Set<(paused: boolean) => Promise<void>>();
  const receive = (signal: SignalDefinition, value: boolean) =>
    setHandler(signal, async () => {
      if (paused !== value) pausedAt = value ? Date.now() : undefined;
      paused = value;
      if (!value) hold = undefined;
      changed();
      await Promise.all([...children].map((tell) => tell(value)));
    });
  receive(pause, true);
  receive(resume, false);
  return {
    get paused() {
      return paused || hold !== undefined;
    },
    get hold() {
      return hold;
    },
    halt(why) {
      hold = why;
      changed();
    },
    get pausedAt() {
      return pausedAt;
    },
    onChange(listener) {
      changed = listener;
    },
    whilePaused: () => condition(() => !paused && hold === undefined),
    async follow(starting) {
      const whenStarting = paused;
      const child = await starting;
      const tell = oneByOne<boolean>((value) => child.signal(value ? pause : resume));
      children.add(tell);
      try {
        if (paused !== whenStarting) await tell(paused);
        return await child.result();
      } finally {
        children.delete(tell);
      }
    },
  };
}
