import type { AnswerStage } from './answer.ts';
import type { PhaseName } from './phases.ts';
import type { Split } from './types.ts';

/** What the collaborators answer in a pass, and under which stages that is stored. */
interface PassDefinition {
  split: Split;
  answers: AnswerStage;
  justifications: AnswerStage;
}

/**
 * The passes of the collaborators over a split, by their phase: over the unlabelled one, to label it,
 * and over the labelled one, to see how well they do.
 */
export const PASSES = {
  propagate: { split: 'unlabelled', answers: 'collaborate', justifications: 'justify' },
  'cross-fit': { split: 'labelled', answers: 'cross-fit', justifications: 'cross-fit-justify' },
} as const satisfies Partial<Record<PhaseName, PassDefinition>>;

/** The phase of a pass. */
export type Pass = keyof typeof PASSES;
