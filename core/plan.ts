import { type RetrievalNeeds, retrievalNeeds } from './shots.ts';
import type { RunSpec } from './spec.ts';

/**
 * What the workflows of a run go by: its choices and numbers. The texts of the spec, and where its
 * data lie, are left out: what workflows hand on is in many histories.
 */
export interface Plan
  extends Pick<RunSpec, 'model' | 'training' | 'evolve' | 'batch' | 'rounds' | 'seed'> {
  needs: RetrievalNeeds;
}

export function planOf(spec: RunSpec): Plan {
  const { model, training, evolve, batch, rounds, seed } = spec;
  return { model, training, evolve, batch, rounds, seed, needs: retrievalNeeds(spec) };
}
