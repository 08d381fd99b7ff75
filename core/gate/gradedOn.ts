import type { RunSpec } from '../spec.ts';

/** The split that models of a round are graded on. */
export type GradedSplit = 'test' | 'labelled';

/**
 * What figures of models were made on: the test split, or, by cross-fitting, labelled examples, each
 * answered by models that were made in the same way without the fold that it is in.
 */
export type Estimated = 'test' | 'cross-fitted';

/** How reports name that. */
const NAMES: Record<Estimated, { by: string; examples: string }> = {
  test: { by: 'on the test split', examples: 'test examples' },
  'cross-fitted': { by: 'by a cross-fitted estimate', examples: 'labelled examples' },
};

/** How reports name what figures were made on: the test split where nothing else is said. */
export const gradedOn = (estimate: Estimated = 'test') => NAMES[estimate];

/** What stands behind the name of a figure, of the test split nothing. */
export const estimateNote = (estimate: Estimated = 'test'): string =>
  estimate === 'test' ? '' : `, ${gradedOn(estimate).by}`;

const CROSS_FITTED =
  'A cross-fitted estimate is no figure of the models themselves, which have learned from the labelled examples: in the place of each answer models that were made as it was, each on the examples outside of a fold. Pseudo-labels came from models that had seen the fold, too, which favours SemiEvol.';

/** What is to be known of figures, beside what they were made on: of the test split nothing. */
export const estimateLines = (estimate: Estimated = 'test'): string[] =>
  estimate === 'test' ? [] : [CROSS_FITTED];

/**
 * So many labelled examples a cross-fitted estimate takes at least: of fewer six would have to be won
 * and none lost by more than a fifth of them, and a fold would be a handful.
 */
const LEAST_GRADED = 30;

/** Into how many folds the labelled examples are parted to grade models; undefined where a test split does. */
export const gradingFolds = ({
  data,
  gate,
  until,
}: Pick<RunSpec, 'data' | 'gate' | 'until'>): number | undefined =>
  data.test.length === 0 && until === 'report' ? gate?.folds : undefined;

/** The split that a plan's models are graded on. */
export const gradedSplit = (plan: { folds?: number | undefined }): GradedSplit =>
  plan.folds === undefined ? 'test' : 'labelled';

/** The same by the spec. */
export const gradedSplitOf = (spec: Parameters<typeof gradingFolds>[0]): GradedSplit =>
  gradedSplit({ folds: gradingFolds(spec) });

/** Why labelled examples cannot take the place of a test split; undefined where they can, or need not. */
export function lackOfGraded(
  spec: Pick<RunSpec, 'data' | 'gate' | 'until'>,
  labelled: number | undefined,
): string | undefined {
  if (gradingFolds(spec) === undefined || labelled === undefined || labelled >= LEAST_GRADED)
    return undefined;
  return `without a test split the gate needs ${LEAST_GRADED} labelled rows for a cross-fitted estimate, and there are ${labelled}: label more, or give data.test`;
}
