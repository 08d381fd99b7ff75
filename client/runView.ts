import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { type Reading, secondsLeft } from '../core/pace.ts';
import type { PhaseStatus, Progress, RoundStatus, RunStatus } from '../core/status.ts';
import { type Activities, activitiesOf, progressOf } from './activities.ts';
import type { Look } from './handle.ts';
import { canAnswer, query, type View } from './view.ts';

/** What is known of a run at one moment. */
export interface RunView extends View {
  /** Missing while no worker can answer. */
  status?: RunStatus;
  /** Phases of the round now running. */
  phases: PhaseView[];
}

/** A phase with what its activities say. */
export interface PhaseView extends PhaseStatus {
  /** What holds its activities up, or why one is tried again. */
  trouble?: string;
  /** Until its end, by the rate so far; missing until enough is seen of it, and where it is held up. */
  secondsLeft?: number;
}

export const lookAtRun: Look<RunStatus, RunView> = {
  async running(temporal, view, description) {
    if (!canAnswer(view)) return { ...view, phases: [] };
    const status = await query<RunStatus>(temporal, view.name);
    const phases = status?.roundWorkflowId
      ? await lookAtRound(temporal, status.roundWorkflowId)
      : await lookAtPreparation(temporal, description);
    return timed({ ...view, status, phases });
  },
  ended: (view, status) => ({ ...view, status, phases: [] }),
};

/** Before the first phase a run checks its endpoints and takes in its data. */
async function lookAtPreparation(
  temporal: Client,
  description: WorkflowExecutionDescription,
): Promise<PhaseView[]> {
  const underWay = await activitiesOf(temporal, description);
  const [first] = underWay.progress;
  if (!first && !underWay.trouble) return [];
  const { total, unit } = first ?? { total: 0, unit: '' };
  return [
    { ...{ name: 'prepare', state: 'running' }, ...progressOf({ done: 0, total, unit }, underWay) },
  ];
}

async function lookAtRound(temporal: Client, workflowId: string): Promise<PhaseView[]> {
  const round = await query<RoundStatus>(temporal, workflowId);
  return Promise.all(
    (round?.phases ?? []).map((phase) =>
      phase.state === 'running' ? lookAtPhase(temporal, phase, workflowId) : phase,
    ),
  );
}

async function lookAtPhase(
  temporal: Client,
  phase: PhaseStatus,
  roundWorkflowId: string,
): Promise<PhaseView> {
  const { workflowId } = phase;
  const working = temporal.workflow.getHandle(workflowId ?? roundWorkflowId);
  const ended = async () => (workflowId ? query<Progress>(temporal, workflowId) : undefined);
  const underWay = async (): Promise<Activities> => {
    // One that has just ended says no more.
    const description = await working.describe().catch(() => undefined);
    return description ? activitiesOf(temporal, description) : { progress: [] };
  };
  const before = await ended();
  const seen = await underWay();
  const said = await ended();
  // What ended between two looks would count in neither or in both.
  return withProgress(phase, said, said?.done === before?.done ? seen : await underWay());
}

/** A phase with what its own workflow has `said`, and what its activities say. */
export function withProgress(
  phase: PhaseStatus,
  said: Progress | undefined,
  underWay: Activities,
): PhaseView {
  const ended = {
    ...(said ?? { done: 0, unit: phase.unit }),
    total: said?.total || phase.total,
    note: said?.note || phase.note,
  };
  const { paced } = phase;
  // The round counts examples where the phase itself counts answers.
  const scale = phase.total > 0 ? ended.total / phase.total : 1;
  return {
    ...phase,
    ...(paced && { paced: { ...paced, done: paced.done * scale } }),
    ...progressOf(ended, underWay),
  };
}

/**
 * A view with the time left of its phases under way.
 * @param from the reading since which the rate of a phase counts; when it began where left out
 * @param now epoch milliseconds
 */
export function timed(
  view: RunView,
  from: (phase: PhaseView) => Reading | undefined = ({ paced }) => paced,
  now = Date.now(),
): RunView {
  return {
    ...view,
    phases: view.phases.map((phase) => {
      const isHeld = view.status?.paused || phase.trouble !== undefined;
      const first = phase.state !== 'running' || isHeld ? undefined : from(phase);
      const left = first && secondsLeft(first, { at: now, done: phase.done }, phase.total);
      return { ...phase, secondsLeft: left };
    }),
  };
}
