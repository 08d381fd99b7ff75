import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { PhaseStatus, Progress, RoundStatus, RunStatus } from '../core/types.ts';
import { type Activities, activitiesOf, progressOf } from './activities.ts';
import { type Connected, Handle, type WorkState } from './handle.ts';
import type { RunReports } from './runReports.ts';
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
}

/**
 * A run: one evolution, by its name.
 *
 * @example
 * const run = client.get('tickets');
 * const { status, phases } = await run.status();
 * await run.pause();
 */
export class RunHandle extends Handle<RunStatus, RunView> {
  constructor(connected: Connected, name: string, before?: WorkState) {
    super(connected, 'evolve', name, before);
  }

  /**
   * Lets no new batch and no new phase begin; what is under way ends, and jobs at a provider go on.
   * @throws RunNotFound, RunNotRunning
   */
  async pause(): Promise<void> {
    await this.assertRunning();
    await this.workflow.signal('pause');
  }

  /** Lets a paused run go on. @throws RunNotFound, RunNotRunning */
  async resume(): Promise<void> {
    await this.assertRunning();
    await this.workflow.signal('resume');
  }

  /**
   * Reads the reports of the rounds that have ended from the configured store, whether the run goes
   * on, has completed or has failed.
   * @throws RunNotFound; ReportsNotFound where the store is another than the workers'; StoreError
   */
  async reports(): Promise<RunReports> {
    const { memo } = await this.describe();
    // LanceDB takes a while to load.
    const { readReports } = await import('./runReports.ts');
    return readReports(this.config.store, this.name, memo?.dataset as string | undefined);
  }

  protected override async running(
    view: View,
    description: WorkflowExecutionDescription,
  ): Promise<RunView> {
    if (!canAnswer(view)) return { ...view, phases: [] };
    const status = await query<RunStatus>(this.temporal, this.name);
    const phases = status?.roundWorkflowId
      ? await this.#roundOf(status.roundWorkflowId)
      : await this.#preparation(description);
    return { ...view, status, phases };
  }

  protected override completed(view: View, status: RunStatus): RunView {
    return { ...view, status, phases: [] };
  }

  protected override ended(view: View): RunView {
    return { ...view, phases: [] };
  }

  /** Before the first phase a run checks its endpoints and takes in its data. */
  async #preparation(description: WorkflowExecutionDescription): Promise<PhaseView[]> {
    const underWay = await activitiesOf(this.temporal, description);
    const [first] = underWay.progress;
    if (!first && !underWay.trouble) return [];
    const { total, unit } = first ?? { total: 0, unit: '' };
    return [
      {
        ...{ name: 'prepare', state: 'running' },
        ...progressOf({ done: 0, total, unit }, underWay),
      },
    ];
  }

  async #roundOf(workflowId: string): Promise<PhaseView[]> {
    const round = await query<RoundStatus>(this.temporal, workflowId);
    return Promise.all(
      (round?.phases ?? []).map((phase) =>
        phase.state === 'running' ? this.#withProgress(phase, workflowId) : phase,
      ),
    );
  }

  /** A phase with what its own workflow, and the activities under way, say of it. */
  async #withProgress(phase: PhaseStatus, roundWorkflowId: string): Promise<PhaseView> {
    const ofActivities = this.temporal.workflow.getHandle(phase.workflowId ?? roundWorkflowId);
    const [said, description] = await Promise.all([
      phase.workflowId ? query<Progress>(this.temporal, phase.workflowId) : undefined,
      // One that has just ended says no more.
      ofActivities.describe().catch(() => undefined),
    ]);
    const underWay = description
      ? await activitiesOf(this.temporal, description)
      : { progress: [] };
    return withProgress(phase, said, underWay);
  }
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
  return { ...phase, ...progressOf(ended, underWay) };
}
