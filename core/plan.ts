import type { ApplicationFailure } from '@temporalio/common';
import type { ActivityOptions } from './activityOptions.ts';
import { finalFailure } from './failures.ts';
import type { SearchAttributeName } from './searchAttributes.ts';
import { type RetrievalNeeds, retrievalNeeds } from './shots.ts';
import type { RunSpec } from './spec.ts';

/**
 * What the workflows of a run go by: its choices and numbers. The texts of the spec, and where its
 * data lie, are left out: what workflows hand on is in many histories.
 */
export interface Plan
  extends Pick<RunSpec, 'model' | 'training' | 'evolve' | 'batch' | 'rounds' | 'seed'> {
  /** Kind of the task. */
  task: string;
  needs: RetrievalNeeds;
  /** How many there are. */
  collaborators: number;
}

/** What all workflows of a run have in common. */
export interface Setting {
  activityOptions?: ActivityOptions;
  /** Those that the namespace has. */
  searchAttributes?: readonly SearchAttributeName[];
}

/**
 * The plan of a spec that a registry has read.
 * @throws ApplicationFailure `SpecNotUnderstood`, non-retryable, for a spec as it is written
 */
export function planOf(spec: RunSpec): Plan {
  if (!spec.model || !spec.collaborators || !spec.retrieval) throw notRead(spec);
  const { type: task } = spec.task;
  const { model, training, evolve, batch, rounds, seed } = spec;
  const { length: collaborators } = spec.collaborators;
  const needs = retrievalNeeds(spec);
  return { task, model, training, evolve, batch, rounds, seed, needs, collaborators };
}

/** That a spec lacks defaults which workflows, where no kinds are known, cannot fill in. */
export const notRead = ({ name }: RunSpec): ApplicationFailure =>
  finalFailure(
    'SpecNotUnderstood',
    `evolve was started with the spec of run "${name}" as it is written: give it what runSpec.parse makes of the spec, or, with extensions, new Registry(config.extensions).runSpec.parse`,
  );
