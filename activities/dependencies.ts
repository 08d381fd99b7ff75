import { finalFailure, passingFailure } from '../core/failures.ts';
import type { Asked } from '../core/living/pool.ts';
import type { Registry } from '../core/registry.ts';
import type { Selector } from '../core/selection/selector.ts';
import type { RunSpec } from '../core/spec.ts';
import type { Task } from '../core/tasks/task.ts';
import type { AnnounceConfig } from '../providers/announcing.ts';
import type { Endpoints } from '../providers/endpoint.ts';
import type { Trainers } from '../providers/trainers/index.ts';
import type { Dataset } from '../store/dataset.ts';
import type { RunTables } from '../store/run.ts';
import type { Store } from '../store/store.ts';
import { readSpec } from './readSpec.ts';

/** What every activity is built with. */
export interface Dependencies {
  store: Store;
  endpoints: Endpoints;
  trainers: Trainers;
  /** The kinds of tasks and collaborators, rules and scores that specs may name. */
  registry: Registry;
  /** How long requests under way may still take when the worker stops, in milliseconds. */
  shutdownGraceMs: number;
  /** Folders from which users' own training files may be read. */
  trainingFolders: readonly string[];
  /** Who is told when a champion changes. */
  announce: AnnounceConfig;
}

/** Names one round of a run and the data it works on. */
export interface RoundRef {
  run: string;
  round: number;
  dataset: string;
  /**
   * The place (see `placeOf`) below which labelled examples are held out: no model that answers learns
   * from them, and no prompt shows them. None are where it is left out.
   */
  heldOut?: number;
  /** Which unlabelled examples are asked about; all where it is left out. */
  asked?: Asked;
}

/** All that an activity of a round works with, opened. */
export interface RoundContext {
  spec: RunSpec;
  task: Task;
  selector: Selector;
  dataset: Dataset;
  tables: RunTables;
}

/** The spec of a run. @throws ApplicationFailure `NoSpec` where the store has none */
export async function storedSpec(
  { store, registry }: Pick<Dependencies, 'store' | 'registry'>,
  run: string,
): Promise<RunSpec> {
  const stored = await store.specs.find(run);
  if (stored) return readSpec(registry, stored);
  throw passingFailure(
    'NoSpec',
    `the store of this worker, ${store.uri}, has no spec of run "${run}": give all workers of the task queue the same store (store.uri in temporal.config.ts), and start this one again`,
  );
}

/**
 * Opens the round of an activity.
 * @throws ApplicationFailure `NoSpec`; `SpecNotUnderstood` or `RoundDropped`, non-retryable
 */
export async function openRound(dependencies: Dependencies, ref: RoundRef): Promise<RoundContext> {
  const { store, registry } = dependencies;
  const spec = await storedSpec(dependencies, ref.run);
  const tables = await store.run(ref.run, ref.dataset);
  if (spec.retention && (await tables.dropped()).includes(ref.round))
    throw finalFailure(
      'RoundDropped',
      `the answers of round ${ref.round} of run "${ref.run}" were dropped (retention.answers in the spec): to do it again would pay for them again. Start the run under another name`,
    );
  return {
    spec,
    task: registry.task(spec.task),
    selector: registry.selector(spec.selection),
    dataset: store.dataset(ref.dataset),
    tables,
  };
}
