import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { BudgetScope, Limits } from '../core/budget.ts';
import { placeProblem } from '../core/dataUrl.ts';
import { messagesOf } from '../core/errors.ts';
import type { Lineage } from '../core/lineage/tree.ts';
import type { Arrival, Arrived } from '../core/living/arrival.ts';
import type { Called } from '../core/living/next.ts';
import type { Lease, LeaseRequest } from '../core/review/leases.ts';
import type { RunStatus } from '../core/status.ts';
import type { BudgetChange } from '../workflows/budget/messages.ts';
import type { ChampionChange, Decision } from '../workflows/living/messages.ts';
import { startCollecting, stopCollecting, type Watching } from './collecting.ts';
import { ExportFailed, ReportsNotFound, UpdateRefused } from './errors.ts';
import type { Exported, ExportOptions } from './export.ts';
import { type Connected, Handle, type Waiting, type WorkState } from './handle.ts';
import type { LineageOptions } from './lineage.ts';
import { Pacing } from './pacing.ts';
import type { ReviewDesk } from './review.ts';
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
   * @throws UpdateRefused where a limit is less than what is spent, or none; RunNotFound, RunNotRunning
   */
  async setBudget(limits: Limits, scope: BudgetScope = 'run'): Promise<void> {
    const change: BudgetChange = { scope, limits };
    await this.#update('budget', change);
  }

  /**
   * Adds data to the run's data set, by reference: its next round works on them.
   * @returns how many rows were new, once they are stored
   * @throws UpdateRefused where files cannot be used; nothing is added then; RunNotFound, RunNotRunning
   */
  add(arrival: Arrival): Promise<Arrived> {
    return this.#update('add', arrival);
  }

  /**
   * Has a folder, or a prefix of a bucket, watched: what comes to its folders `labelled`, `unlabelled`,
   * `test` and `withdrawn` is added, as by `add`. A run has one; another takes its place.
   * @throws RunNotFound, RunNotRunning, and UpdateRefused where it can be no such place
   */
  async collect(watching: Watching): Promise<void> {
    const problem = placeProblem(watching.from);
    if (problem) throw new UpdateRefused(this.name, problem);
    await this.assertRunning();
    await startCollecting(this.temporal, this.config.temporal.taskQueue, this.name, watching);
  }

  /** Ends that. @returns whether a folder was watched */
  stopCollecting(): Promise<boolean> {
    return stopCollecting(this.temporal, this.name);
  }

  /**
   * Lets the next round begin, whatever else it would wait for; after the one under way.
   * @returns its number, and what it has to wait for nevertheless
   * @throws UpdateRefused where the last round is under way; RunNotFound, RunNotRunning
   */
  next(): Promise<Called> {
    return this.#update('next');
  }

  /**
   * Says whether the challenger that waits becomes the champion.
   * @throws UpdateRefused where none waits, or the name or the reason is missing; RunNotFound, RunNotRunning
   */
  decide(decision: Decision): Promise<void> {
    return this.#update('decide', decision);
  }

  /**
   * Makes a model the champion, from the next round on: to promote one, or to go back to one.
   * @throws UpdateRefused; RunNotFound, RunNotRunning
   */
  setChampion(change: ChampionChange): Promise<{ champion: string }> {
    return this.#update('champion', change);
  }

  /**
   * Leases examples of the run's ranking to a reviewer, which nobody else gets for a while.
   * @throws UpdateRefused where there is no ranking; RunNotFound, RunNotRunning
   */
  lease(request: LeaseRequest): Promise<Lease> {
    return this.#update('lease', request);
  }

  /**
   * Opens a desk at which somebody reviews what the run has ranked; `close` it in the end.
   * @param reviewer the name under which it is kept: one name is one person
   * @throws ReviewRefused where the store is another than the workers'; RunNotFound, RunNotRunning, StoreError
   */
  async review(reviewer: string): Promise<ReviewDesk> {
    await this.assertRunning();
    // LanceDB takes a while to load.
    const { ReviewDesk } = await import('./review.ts');
    return ReviewDesk.open(this.config, this, reviewer);
  }

  /**
   * Reads the reports of the rounds that have ended from the configured store, whether the run goes
   * on, has completed or has failed.
   * @throws RunNotFound; ReportsNotFound where the store is another than the workers'; StoreError
   */
  async reports(): Promise<RunReports> {
    const dataset = await this.#dataset();
    // LanceDB takes a while to load.
    const { readReports } = await import('./runReports.ts');
    return readReports(this.config.store, this.name, dataset);
  }

  /**
   * Writes a model of the run, its champion unless one is named, into a folder: weights, training file
   * and card.
   * @throws RunNotFound; ExportFailed, which leaves no folder; StoreError
   */
  async export(options: ExportOptions): Promise<Exported> {
    const dataset = await this.#dataset();
    if (dataset === undefined)
      throw new ExportFailed(`run "${this.name}" has no data yet, and no model`);
    const { exportModel } = await import('./export.ts');
    return exportModel(this.config, { run: this.name, dataset }, options);
  }

  /**
   * Reads from the configured store which models the run has made, of what, and which of them were its
   * champions, whether the run goes on or has ended.
   * @throws RunNotFound; ReportsNotFound where the run has no data yet, or the store is another than the
   * workers'; StoreError
   */
  async lineage(options?: LineageOptions): Promise<Lineage> {
    const dataset = await this.#dataset();
    if (dataset === undefined)
      throw new ReportsNotFound(`run "${this.name}" has no data yet, and no model`);
    const { readLineage } = await import('./lineage.ts');
    return readLineage(this.config, { run: this.name, dataset }, options);
  }

  /** The present version of its data set; undefined until its data are read. @throws RunNotFound */
  async #dataset(): Promise<string | undefined> {
    const { memo } = await this.describe();
    return memo?.dataset as string | undefined;
  }

  /** @throws UpdateRefused, RunNotFound, RunNotRunning */
  async #update<Result>(name: string, argument?: unknown): Promise<Result> {
    await this.assertRunning();
    try {
      return await this.workflow.executeUpdate<Result, [unknown]>(name, { args: [argument] });
    } catch (error) {
      if (!(error instanceof WorkflowUpdateFailedError)) throw error;
      throw new UpdateRefused(this.name, messagesOf(error).at(-1)!, { cause: error });
    }
  }
}
