/**
 * The models that stand for one on labelled examples, which it has learned from itself: each was made
 * as it was, without a fold. A fold follows from the ids of its examples, so that it stays.
 */
export interface FoldModels {
  model: string;
  /** In the order of the folds. */
  folds: string[];
}

/** Those of a model, by the rounds' reports; undefined where it has none. */
export const foldsOf = (
  model: string,
  reports: readonly { foldModels?: readonly FoldModels[] }[],
): string[] | undefined =>
  reports.flatMap(({ foldModels = [] }) => foldModels).find((one) => one.model === model)?.folds;
