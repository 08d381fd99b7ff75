import type { BudgetUse } from './budget.ts';
import type { DriftFigures } from './drift/driftFigures.ts';
import type { Candidate } from './gate/gateReport.ts';
import type { Estimated } from './gate/gradedOn.ts';
import type { Arrived } from './living/arrival.ts';
import type { Reading } from './pace.ts';
import type { PhaseName, PhaseState } from './phases.ts';
import type { Score } from './score.ts';
import type { Warning, WorkState } from './searchAttributes.ts';
import type { Spent } from './spent.ts';
import type { ModelRole } from './types.ts';

/** How far a run, a round and a phase have come. Pure data: everything here can cross a Temporal payload. */

/** What every long activity heartbeats, so that progress can be shown without more history. */
export interface Progress {
  done: number;
  total: number;
  unit: string;
  note?: string;
  /** From when, and from how many done, its rate is measured. */
  paced?: Reading;
  /** A job's status, in its provider's word. */
  detail?: string;
  /** What it is held up by, since when, and what is done about it: a line for each that holds it up. */
  trouble?: string;
}

/** What an activity under way tells its workflow, when it is news. */
export interface Sighting extends Pick<Progress, 'done' | 'total' | 'detail' | 'trouble'> {
  activityId: string;
}

/** Why nothing new is begun, where nobody has asked for a pause. */
export interface Hold {
  /** Epoch milliseconds. */
  since: number;
  /** In words, with what lets it go on. */
  why: string;
  warning: Warning;
}

/** What a round has come to so far, in numbers. */
export interface RoundFigures {
  spent: Spent;
  /** Unlabelled examples on which all collaborators agreed. */
  agreed: number;
  /** Unlabelled examples on which they did not, so that one of several answers was taken. */
  disagreed: number;
  /** Selected pseudo-labels, once they are. */
  selected?: number;
  /** Graded answers of the models. */
  scores?: Partial<Record<ModelRole, Score>>;
  /** What these were made on; the test split where it is left out. */
  estimate?: Estimated;
}

/** The state of a phase of a round, as the `status` query gives it. */
export interface PhaseStatus extends Omit<Progress, 'detail'> {
  /** `prepare` comes before the first round. */
  name: PhaseName | 'prepare';
  /** The child workflow at work; its `status` query answers a `Progress`. */
  workflowId?: string;
  state: PhaseState;
  /** Why it is skipped. */
  reason?: string;
  /** What it waits for, such as a job at a provider. */
  waitsFor?: string;
  warning?: Warning;
  hold?: Hold;
  /** Epoch milliseconds. */
  startedAt?: number;
  endedAt?: number;
}

/** What the workflow of a phase tells its round. */
export interface PhaseNews
  extends Partial<
    Pick<PhaseStatus, 'done' | 'total' | 'note' | 'waitsFor' | 'trouble' | 'warning' | 'hold'>
  > {
  name: PhaseName;
  /** What the phase has come to. */
  figures?: Partial<RoundFigures>;
}

/** Answer of the `status` query of the `round` workflow. */
export interface RoundStatus {
  round: number;
  phases: PhaseStatus[];
  figures: RoundFigures;
  /** Epoch milliseconds; undefined unless it is paused. */
  pausedAt?: number;
  /** Why it is held, where it is; what runs goes on. */
  hold?: Hold;
  /** What holds up the work that is the round's own. */
  trouble?: string;
  /** What is gone of each limit, where there are any. */
  budget?: BudgetUse[];
  /** What it waits for to begin. */
  waitsFor?: string;
}

/** Answer of the `status` query of the `evolve` workflow. */
export interface RunStatus {
  run: string;
  round: number;
  /** How many there are; undefined where the run has no end. */
  rounds?: number;
  paused: boolean;
  /** Why it is paused, where nobody has asked for that. */
  hold?: Hold;
  /** What is gone of each limit, where there are any. */
  budget?: BudgetUse[];
  /** The best model so far. */
  champion: string;
  /** The data there are for the next round; undefined until they are read. */
  data?: Pick<Arrived, 'segment' | 'counts' | 'struck'>;
  /** The challenger of the round that has ended, where it waits for a person's word. */
  pending?: { round: number; challenger: Candidate };
  /** What the next round waits for, where it does. */
  waitsFor?: string;
  /** The `round` workflow now running; ask it for its phases. */
  roundWorkflowId?: string;
  totals: RunTotals;
  /** The rounds that ended last, oldest first. The reports of all are in the store. */
  latest: RoundSummary[];
}

/** What a run remembers of a round. */
export interface RoundSummary {
  round: number;
  /** Name of the task's first metric. */
  metric: string;
  /** What the values were made on; the test split where it is left out. */
  estimate?: Estimated;
  /** By it; the better SFT. */
  values: { base: number | null; sft: number | null; semievol: number | null };
  /** Selected pseudo-labels. */
  selected: number;
  promoted: boolean;
  champion: string;
  /** Whether it has begun to believe its own mistakes. */
  drift?: DriftFigures;
}

/** What a run has come to in all its rounds. */
export interface RunTotals {
  /** Rounds that have ended. */
  finished: number;
  /** Rounds whose new model became the champion. */
  promoted: number;
}

/** Whether a round's own work, or a phase of it that runs, meets with trouble. */
export const isHeldUp = ({ trouble, phases }: Pick<RoundStatus, 'trouble' | 'phases'>): boolean =>
  trouble !== undefined || phases.some((phase) => phase.state === 'running' && phase.trouble);

/** Whether work that has not ended goes on, is paused, or only waits. */
export function standingOf({
  isPaused,
  trouble,
  waitsFor,
  phases,
}: { isPaused: boolean } & Pick<RoundStatus, 'trouble' | 'waitsFor' | 'phases'>): WorkState {
  if (isPaused) return 'paused';
  const running = phases.filter(({ state }) => state === 'running');
  const isIdle = running.length > 0 && running.every((phase) => phase.waitsFor);
  return isHeldUp({ trouble, phases }) || waitsFor || isIdle ? 'waiting' : 'running';
}
