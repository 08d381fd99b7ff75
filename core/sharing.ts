import { modelCollaborators } from './collaborators/ofSpec.ts';
import { mostRounds } from './living/rounds.ts';
import { isRole } from './modelNames.ts';
import type { RunSpec } from './spec.ts';

/**
 * The scope whose answers a run takes over: that of its spec, else where it has several rounds its
 * own; undefined where nobody could have asked the same before.
 */
export const scopeOf = (spec: RunSpec): string | undefined =>
  spec.share ?? (mostRounds(spec) === 1 ? undefined : `run.${spec.name}`);

/**
 * Whether what a model answers is kept for others to take over. Between the rounds of one run only
 * models that the spec names stay the same; those that a round makes are asked by it alone.
 */
export function isShared(spec: RunSpec, model: string): boolean {
  if (spec.share !== undefined) return true;
  const { justification, judge } = spec;
  const named = [...modelCollaborators(spec), justification, ...(judge ? [judge] : [])];
  return named.some((one) => one.model === model && !isRole(one.model));
}
