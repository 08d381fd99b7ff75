/** What a phase of a round is called, what it counts, and what it is for. */
export interface Phase {
  readonly name: string;
  /** Of what is done in it, in the plural. */
  readonly unit: string;
  readonly purpose: string;
}

/** The phases of a round, in the order in which they begin. */
export const PHASES = [
  {
    name: 'embed',
    unit: 'vectors',
    purpose: 'makes the labelled examples findable as neighbours',
  },
  { name: 'warm-up', unit: 'steps', purpose: 'fine-tunes the base on the labelled examples' },
  { name: 'warm-up-2', unit: 'steps', purpose: 'does so again, with another seed' },
  { name: 'warm-up-3', unit: 'steps', purpose: 'does so again, with a third seed' },
  { name: 'warm-up-4', unit: 'steps', purpose: 'does so again, with a fourth seed' },
  {
    name: 'fold-1',
    unit: 'steps',
    purpose: 'fine-tunes the base on the labelled examples outside of the first fold',
  },
  {
    name: 'fold-2',
    unit: 'steps',
    purpose: 'fine-tunes the base on the labelled examples outside of the second fold',
  },
  {
    name: 'cross-fit',
    unit: 'examples',
    purpose:
      'finds out on the labelled examples, each answered by a model that has not seen it, how disagreement is resolved best, and how far answers can be trusted',
  },
  {
    name: 'held-out',
    unit: 'examples',
    purpose:
      'lets the collaborators answer labelled examples that no model has seen, to find out how far answers can be trusted',
  },
  {
    name: 'propagate',
    unit: 'examples',
    purpose: 'lets the collaborators answer the unlabelled examples, and resolves disagreement',
  },
  {
    name: 'co-train',
    unit: 'examples',
    purpose:
      'lets a classifier over embeddings, which learns from what the collaborators answered, have its say',
  },
  { name: 'select', unit: 'pseudo-labels', purpose: 'keeps the answers that can be trusted' },
  {
    name: 'fine-tune',
    unit: 'steps',
    purpose: 'fine-tunes on labelled and selected examples together',
  },
  {
    name: 'sft',
    unit: 'steps',
    purpose:
      'fine-tunes on all labelled examples, since the warm-up has not seen those held out, to compare with',
  },
  {
    name: 'baseline',
    unit: 'steps',
    purpose: 'fine-tunes on the labelled examples alone for as many steps, to compare with',
  },
  {
    name: 'fine-tune-folds',
    unit: 'steps',
    purpose:
      'fine-tunes so without each fold of the labelled examples, to grade on these what has not seen them',
  },
  { name: 'sft-folds', unit: 'steps', purpose: 'does the same for SFT of equal epochs' },
  { name: 'baseline-folds', unit: 'steps', purpose: 'does the same for SFT of equal steps' },
  { name: 'evaluate', unit: 'examples', purpose: 'grades the models' },
  { name: 'report', unit: 'reports', purpose: 'puts the figures together, and decides promotion' },
] as const satisfies readonly Phase[];

/** One of them. */
export type PlannedPhase = (typeof PHASES)[number];

/** The name of a phase. */
export type PhaseName = PlannedPhase['name'];

/** Whether it does the same as another without each fold of the labelled examples. */
export const isOfFolds = (name: PhaseName): boolean => name.endsWith('-folds');

/** What spends in a round: its phases, and models that stand for them. */
export type Spender = PhaseName | 'hosting';

/** A phase by its name. */
export const phaseOf = (name: PhaseName): Phase => PHASES.find((phase) => phase.name === name)!;

/** Where a phase stands. */
export type PhaseState = 'waiting' | 'running' | 'done' | 'skipped';
