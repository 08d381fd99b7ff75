import { setCurrentDetails } from '@temporalio/workflow';
import type { RoundRef } from '../activities/dependencies.ts';
import { type PhaseName, phaseOf } from '../core/phases.ts';
import { markdown } from '../core/report/markdown.ts';
import { batchProgress } from '../core/report/progress.ts';
import type { Hold, PhaseNews } from '../core/status.ts';
import type { PauseState } from './messages.ts';
import { handleSightings, milestones, phaseNews, toParent } from './news.ts';

/** What a workflow that works in batches has done. */
export interface BatchesDone extends Required<Pick<PhaseNews, 'done' | 'total' | 'figures'>> {
  /** How many examples have been answered at each endpoint, where these are several. */
  answersAt?: readonly { endpoint: string; done: number }[];
  /** Why no further batch begins, where nobody has asked for that. */
  hold?: Hold | undefined;
}

export interface BatchPage {
  show(): void;
  /** It holds, or goes on again: the round is told at once. */
  held(): void;
}

/**
 * Keeps the page of a workflow that works in batches up to date, and its round informed: at each
 * twentieth of the way, and when trouble begins or ends. Call it before the first await.
 */
export function batchPage(
  name: PhaseName,
  { run, round }: RoundRef,
  pause: PauseState,
  soFar: () => BatchesDone,
): BatchPage {
  const { done, total } = soFar();
  const isMilestone = milestones(total, done);
  const paced = { at: Date.now(), done };
  let trouble: string | undefined;
  const show = () => {
    const { answersAt, ...now } = soFar();
    const { pausedAt } = pause;
    const phase = {
      ...now,
      hold: pause.hold ?? now.hold,
      name,
      unit: phaseOf(name).unit,
      state: 'running' as const,
      paced,
      trouble,
    };
    const page = batchProgress({ run, round, phase, answersAt, pausedAt }, Date.now());
    setCurrentDetails(markdown([page]));
    if (isMilestone(now.done)) tell();
  };
  const tellRound = toParent(phaseNews);
  const tell = () => {
    const { answersAt: _, ...now } = soFar();
    tellRound({ name, ...now, hold: pause.hold ?? now.hold, trouble });
  };
  const held = () => {
    show();
    tell();
  };
  let hold: Hold | undefined;
  pause.onChange(() => {
    show();
    if (pause.hold !== hold) tell();
    hold = pause.hold;
  });
  handleSightings((now) => {
    trouble = now;
    held();
  });
  show();
  return { show, held };
}
