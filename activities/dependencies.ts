import type { RunSpec } from '../core/spec.ts';
import { createTask, type Task } from '../core/tasks.ts';
import type { Endpoints } from '../providers/endpoint.ts';
import type { TrainerKind } from '../providers/trainer.ts';
import type { Dataset } from '../store/dataset.ts';
import type { RunTables } from '../store/run.ts';
import type { Store } from '../store/store.ts';

/** What every activity is built with. */
export interface Dependencies {
  store: Store;
  endpoints: Endpoints;
  /** The kinds that an endpoint's configuration may name. */
  trainers: readonly TrainerKind[];
  /** How long requests under way may still take when the worker stops, in milliseconds. */
  shutdownGraceMs: number;
  /** Folders from which users' own training files may be read. */
  trainingFolders: readonly string[];
}

/** Names one round of a run and the data it works on. */
export interface RoundRef {
  run: string;
  round: number;
  dataset: string;
}

/** All that an activity of a round works with, opened. */
export interface RoundContext {
  spec: RunSpec;
  task: Task;
  dataset: Dataset;
  tables: RunTables;
}

export async function openRound({ store }: Dependencies, ref: RoundRef): Promise<RoundContext> {
  const spec = await store.specs.find(ref.run);
  if (!spec) throw new Error(`the store has no spec of run "${ref.run}"`);
  return {
    spec,
    task: createTask(spec.task),
    dataset: store.dataset(ref.dataset),
    tables: store.run(ref.run, ref.dataset),
  };
}
