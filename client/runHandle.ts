import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { BudgetScope, Limits } from '../core/budget.ts';
import { messagesOf } from '../core/errors.ts';
import type { RunStatus } from '../core/status.ts';
import type { BudgetChange } from '../workflows/budget/messages.ts';
import { BudgetRefused } from './errors.ts';
import { type Connected, Handle, type Waiting, type WorkState } from './handle.ts';
import { Pacing } from './pacing.ts';
import type { RunReports } from './runReports.ts';
import { lookAtRun, type RunView } from './runView.ts';

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
    super(connected, 'evolve', lookAtRun, name, before);
  }

  /** As of any work; the time left goes by how fast phases have been lately. */
  override async *follow(waiting?: Waiting): AsyncGenerator<RunView, void, undefined> {
    const pacing = new Pacing();
    for await (const view of super.follow(waiting)) yield pacing.of(view);
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
   * Sets limits of the run's budget, or with a scope of each round or of one phase; the others stay.
   * What they held back goes on.
   * @throws BudgetRefused where a limit is less than what is spent, or none; RunNotFound, RunNotRunning
   */
  async setBudget(limits: Limits, scope: BudgetScope = 'run'): Promise<void> {
    await this.assertRunning();
    const change: BudgetChange = { scope, limits };
    try {
      await this.workflow.executeUpdate('budget', { args: [change] });
    } catch (error) {
      if (!(error instanceof WorkflowUpdateFailedError)) throw error;
      throw new BudgetRefused(this.name, messagesOf(error).at(-1)!, { cause: error });
    }
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
}
