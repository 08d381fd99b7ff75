import type { Comparison } from '../statistics.ts';
import type { ModelRole } from '../types.ts';

/** The roles of models that may become the champion. */
export const CHALLENGERS = ['semievol', 'sft', 'sft-steps'] as const satisfies ModelRole[];
/** The role of a model that may become the champion. */
export type ChallengerRole = (typeof CHALLENGERS)[number];

/** A model of a round in its role. */
export interface Candidate {
  role: ChallengerRole;
  model: string;
}

/** The challenger (the first) with another model on the same examples, by the first metric. */
export interface GateTest {
  against: 'champion' | 'sft';
  model: string;
  /** How much more of the metric the challenger has, −1 to 1; null where nothing was to get. */
  gain: number | null;
  comparison: Comparison;
  /** Examples that both were graded on. */
  examples: number;
}

/** What graded examples are grouped by: the class of the gold answer, or a category of the data. */
export type GroupKind = 'class' | 'category';
/** Both. */
export const GROUPS: readonly GroupKind[] = ['class', 'category'];

/** A class or category of which the challenger has lost more than it may. */
export interface Veto {
  of: GroupKind;
  label: string;
  /** How much of the first metric, 0 to 1. */
  loss: number;
  /** Its examples that were graded. */
  examples: number;
}

/** Whether a model of the round takes the champion's place, and why. */
export interface GateReport {
  /** The champion before. */
  champion: string;
  challenger: Candidate;
  /** By the tests; where the spec wants a person to approve, the last word is theirs. */
  verdict: 'promote' | 'keep';
  tests: GateTest[];
  /** The greatest losses first. */
  vetoes: Veto[];
  /** How many have too few examples for a veto; none where the spec has no veto. */
  tooFew: Record<GroupKind, number>;
  reason: string;
}
