import { modelCollaborators } from './collaborators/ofSpec.ts';
import { mostRounds } from './living/rounds.ts';
import { isRole } from './modelNames.ts';
import type { RunSpec } from './spec.ts';

/** What a run takes over of what was asked in the very same words before, by itself or by others. */
export interface Sharing {
  /** Whose answers. */
  scope: string;
  /** Whether those of a model are among them. */
  covers(model: string): boolean;
}

/**
 * What a run shares: all within the scope of its spec; else, where it has several rounds, what models
 * answer that its spec names, since those that a round makes are asked by it alone. Undefined where
 * nobody could have asked the same before.
 */
export function sharingOf(spec: RunSpec): Sharing | undefined {
  if (spec.share !== undefined) return { scope: spec.share, covers: () => true };
  if (mostRounds(spec) === 1) return undefined;
  const { justification, judge } = spec;
  const named = [...modelCollaborators(spec), justification, ...(judge ? [judge] : [])];
  const lasting = new Set(named.map(({ model }) => model).filter((model) => !isRole(model)));
  return { scope: `run.${spec.name}`, covers: (model) => lasting.has(model) };
}
