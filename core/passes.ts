import type { AnswerStage } from './answer.ts';
import { isHeldOut } from './folds.ts';
import { type Asked, isAskedAbout } from './living/pool.ts';
import type { PhaseName } from './phases.ts';
import type { Split, StoredExample } from './types.ts';

/** What the collaborators answer in a pass, and under which stages that is stored. */
interface PassDefinition {
  split: Split;
  answers: AnswerStage;
  justifications: AnswerStage;
}

/**
 * The passes of the collaborators over a split, by their phase: over the unlabelled one, to label it,
 * and over the labelled one, to see how well they do: on examples whose models learned from the other
 * fold, or on those that are held out, answered just as the unlabelled are.
 */
export const PASSES = {
  propagate: { split: 'unlabelled', answers: 'collaborate', justifications: 'justify' },
  'cross-fit': { split: 'labelled', answers: 'cross-fit', justifications: 'cross-fit-justify' },
  'held-out': { split: 'labelled', answers: 'held-out', justifications: 'held-out-justify' },
} as const satisfies Partial<Record<PhaseName, PassDefinition>>;

/** The phase of a pass. */
export type Pass = keyof typeof PASSES;

/** What the passes of a round leave out. */
export interface Scope {
  /** The place below which labelled examples are held out; none are where it is left out. */
  heldOut?: number;
  /** Which unlabelled examples are asked about; all where it is left out. */
  asked?: Asked;
}

/**
 * Whether a pass is about an example of its split.
 * @param isTaught whether an earlier round has selected it
 */
export function isAskedIn(
  pass: Pass,
  example: Pick<StoredExample, 'id' | 'ordinal'>,
  { heldOut, asked }: Scope,
  isTaught: boolean,
): boolean {
  if (pass === 'propagate') return !asked || isAskedAbout(asked, example.ordinal, isTaught);
  return isHeldOut(example, heldOut) === (pass === 'held-out');
}
