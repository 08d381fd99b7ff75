import { resolve } from 'node:path';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { type Config, defineConfig } from '../config/config.ts';
import {
  type ActivityOptions,
  activityOptions,
  mergeActivityOptions,
} from '../core/activityOptions.ts';
import { type GridPlan, specOf } from '../core/grid/plan.ts';
import { type GridInput, type GridSpec, gridSpec } from '../core/grid/spec.ts';
import type { GridTable } from '../core/grid/table.ts';
import { Registry } from '../core/registry.ts';
import { SEARCH_ATTRIBUTES } from '../core/searchAttributes.ts';
import type { RunSpec, RunSpecInput } from '../core/spec.ts';
import type { StartCheck } from './check.ts';
import { GridConflict, RunConflict } from './errors.ts';
import { FineTuneHandle } from './fineTuneHandle.ts';
import { GridHandle } from './gridHandle.ts';
import type { GridOptions } from './gridPlan.ts';
import type { WorkState } from './handle.ts';
import { RunHandle } from './runHandle.ts';
import type { NamespaceSetUp } from './searchAttributes.ts';
import { checked } from './spec.ts';
import { difference, startOnce, stateOf } from './startOnce.ts';
import { isPolled } from './taskQueue.ts';
import { connectTemporal } from './temporal.ts';
import { type FineTuneRequest, fineTuneOf, gridOf, runOf, type StartOptions } from './work.ts';

/** A run in a list. */
export interface ListedRun {
  name: string;
  /** `running`, and where the namespace has our search attributes `paused` or `waiting`, or how it ended. */
  state: string;
  startedAt: Date;
  endedAt?: Date;
}

/** What a grid is warned of, and what it will do that one may not expect, with the names of the cells. */
export type GridCheck = Pick<StartCheck, 'warnings' | 'notes'>;

/**
 * Starts, watches and steers evolutions and fine-tunes. It needs no worker in its process.
 *
 * @example
 * const client = new SemiEvolClient(new Client({ connection, namespace: 'training' }), config);
 * const run = await client.start({
 *   name: 'tickets',
 *   task: { type: 'classification', labels: ['billing', 'login', 'other'] },
 *   data: { labelled: 'labelled.csv', unlabelled: 'unlabelled.csv', test: 'test.csv' },
 * });
 * const { latest } = await run.result();
 * console.log(latest.at(-1)?.champion, (await run.reports()).rounds);
 */
export class SemiEvolClient {
  /** The client of Temporal that it works by, with its namespace, converter and interceptors. */
  readonly temporal: Client;
  readonly config: Config;
  readonly #registry: Registry;

  /** @param config where the store is, and which task queue the workers poll */
  constructor(temporal: Client, config: Config = defineConfig()) {
    this.temporal = temporal;
    this.config = config;
    this.#registry = new Registry(config.extensions);
  }

  /**
   * Starts a run, or attaches to it where it is running; after a failure or a cancellation it
   * starts again and reuses what is stored. What has completed stays as it is. The handle's
   * `before` says which of these it was.
   * @throws SpecError; RunConflict where another run has the name; DataError
   */
  async start(spec: RunSpecInput, options: StartOptions = {}): Promise<RunHandle> {
    const work = runOf(this.#checked(spec), {
      ...options,
      activityOptions: this.#optionsOf(options),
    });
    const before = await startOnce(this.temporal, this.config.temporal.taskQueue, work);
    return new RunHandle(this, work.name, before);
  }

  /** The handle of a run, whether there is one will turn out when it is asked. */
  get(run: string): RunHandle {
    return new RunHandle(this, run);
  }

  /** All runs of the namespace, the newest first. */
  async *list(): AsyncGenerator<ListedRun, void, undefined> {
    const query = 'WorkflowType = "evolve" AND ExecutionStatus != "ContinuedAsNew"';
    for await (const one of this.temporal.workflow.list({ query }))
      yield {
        name: one.workflowId,
        state: listedState(one),
        startedAt: one.startTime,
        endedAt: one.closeTime,
      };
  }

  /**
   * Makes sure, before anything is spent, that data files can be used, that there are enough
   * labelled examples, and that the endpoints are there, take the key and know the models.
   * @returns what the data files hold, and warnings
   * @throws SpecError; CheckFailed with every problem and its remedy
   */
  async check(spec: RunSpecInput, { folder = '.' }: StartOptions = {}): Promise<StartCheck> {
    const { checkBeforeStart } = await import('./check.ts');
    return checkBeforeStart(this.#checked(spec), resolve(folder), {
      config: this.config,
      registry: this.#registry,
    });
  }

  /** Where the run, or fine-tune, of a name stands. */
  stateOf(name: string): Promise<WorkState> {
    return stateOf(this.temporal, name);
  }

  /**
   * In what the run that was started under this name differs from the spec, if it does: a changed
   * one needs another name.
   * @throws SpecError
   */
  difference(spec: RunSpecInput, options: StartOptions = {}): Promise<'spec' | 'data' | undefined> {
    return difference(this.temporal, runOf(this.#checked(spec), options));
  }

  /**
   * Supervises one fine-tuning job, from file to model, so that whatever fails on the way there is
   * one job. Starts, attaches and refuses as `start` does.
   * @throws SpecError; RunConflict where another fine-tune has the name
   *
   * @example
   * const { model } = await (
   *   await client.fineTune({
   *     name: 'support-bot',
   *     endpoint: 'openai',
   *     model: 'gpt-4.1-nano-2025-04-14',
   *     file: 'chats.jsonl',
   *   })
   * ).result();
   */
  async fineTune(request: FineTuneRequest): Promise<FineTuneHandle> {
    const work = fineTuneOf(request, this.config.activityOptions);
    const before = await startOnce(this.temporal, this.config.temporal.taskQueue, work);
    return new FineTuneHandle(this, work.name, before);
  }

  /** The handle of a fine-tune that was started by `fineTune`. */
  getFineTune(name: string): FineTuneHandle {
    return new FineTuneHandle(this, name);
  }

  /**
   * Adds the search attributes by which runs are found to the namespace. Needs the rights of an
   * administrator, and is needed once; runs do without.
   * @throws NamespaceNotSetUp
   */
  async setUpNamespace(): Promise<NamespaceSetUp> {
    const { setUpSearchAttributes } = await import('./searchAttributes.ts');
    return setUpSearchAttributes(this.temporal);
  }

  /** Those of the configuration, and over them those that are given. */
  #optionsOf({
    activityOptions: given = {},
  }: Pick<StartOptions, 'activityOptions'>): ActivityOptions {
    return mergeActivityOptions(
      this.config.activityOptions,
      checked(activityOptions, given, 'activityOptions'),
    );
  }

  /**
   * Runs a grid, or attaches to it where it is at work. What of it has completed is not run again:
   * the same grid goes on where it was stopped, and one with more cells or seeds runs what is new.
   * @throws SpecError; GridConflict where it is at work with other cells or seeds; DataError
   */
  async reproduce(grid: GridInput, options: GridOptions): Promise<GridHandle> {
    const plan = await this.#planOf(grid, options);
    const activityOptions = this.#optionsOf(options);
    const before = await startOnce(
      this.temporal,
      this.config.temporal.taskQueue,
      gridOf(plan, activityOptions),
    ).catch((error: unknown) => {
      throw error instanceof RunConflict ? new GridConflict(plan.name) : error;
    });
    return new GridHandle(this, plan, before);
  }

  /**
   * The grid that is at work under this one's name, be it with other cells or seeds. It starts nothing.
   * @throws SpecError
   */
  async grid(grid: GridInput, options: GridOptions): Promise<GridHandle> {
    const plan = await this.#planOf(grid, options);
    return new GridHandle(this, plan, await this.stateOf(plan.name));
  }

  /**
   * The table of what has completed of a grid so far. It starts nothing, and asks no server.
   * @throws SpecError; DataError; ReportsNotFound where the store is another than the workers'; StoreError
   */
  async gridTable(grid: GridInput, options: GridOptions): Promise<GridTable> {
    const { readGrid } = await import('./gridRuns.ts');
    return readGrid(this.config.store, await this.#planOf(grid, options));
  }

  async #planOf(grid: GridInput, options: GridOptions): Promise<GridPlan> {
    const { planGrid } = await import('./gridPlan.ts');
    return planGrid(this.#checkedGrid(grid), options, this.#registry);
  }

  /**
   * Makes sure of each cell of a grid what `check` makes sure of a run, on the first data seed.
   * @throws SpecError; CheckFailed
   */
  async checkGrid(grid: GridInput, options: GridOptions): Promise<GridCheck> {
    const [plan, { checkBeforeStart }] = await Promise.all([
      this.#planOf(grid, options),
      import('./check.ts'),
    ]);
    const [group] = plan.groups;
    const warnings = new Set<string>();
    const cellsOf = new Map<string, string[]>();
    for (const [index, { name }] of plan.cells.entries()) {
      const checks = { config: this.config, registry: this.#registry };
      const found = await checkBeforeStart(specOf(plan, group!, index), group!.folder, checks);
      for (const warning of found.warnings) warnings.add(warning);
      for (const note of found.notes) cellsOf.set(note, [...(cellsOf.get(note) ?? []), name]);
    }
    const notes = [...cellsOf].map(([note, cells]) => `${cells.join(', ')}: ${note}`);
    return { warnings: [...warnings], notes };
  }

  /** Whether a worker polls the task queue: without one nothing goes on. */
  hasWorker(): Promise<boolean> {
    return isPolled(this.temporal, this.config.temporal.taskQueue);
  }

  /** Closes the connection to Temporal. */
  async close(): Promise<void> {
    await this.temporal.connection.close();
  }

  #checkedGrid(grid: GridInput): GridSpec {
    return checked(gridSpec, grid, 'the grid');
  }

  #checked(spec: RunSpecInput): RunSpec {
    return checked(this.#registry.runSpec, spec, 'the run spec');
  }
}

const STATE = defineSearchAttributeKey('SemiEvolState', SEARCH_ATTRIBUTES.SemiEvolState);

/** One that ended knows how; only of the others do we know better than Temporal. */
function listedState({ status, typedSearchAttributes }: WorkflowExecutionInfo): string {
  const own = status.name === 'RUNNING' ? typedSearchAttributes.get(STATE) : undefined;
  return own ?? status.name.toLowerCase();
}

/**
 * Connects by the configuration, and by the profile and the TEMPORAL_* variables of Temporal's own
 * command line. `close` it in the end.
 * @throws TemporalUnreachable, TemporalRefused
 *
 * @example
 * const client = await connectClient(await loadConfig('temporal.config.ts'));
 */
export async function connectClient(config: Config = defineConfig()): Promise<SemiEvolClient> {
  return new SemiEvolClient(await connectTemporal(config), config);
}
