/**
 * What is said of each row by a model that was fitted on the rows of the other folds, in the order of
 * the rows: so a fitted score is judged on rows that it was not fitted on.
 */
export function crossFitted<Row, Model>(
  rows: readonly Row[],
  of: {
    fold: (row: Row, index: number) => number;
    fit: (rows: Row[]) => Model;
    predict: (model: Model, row: Row) => number;
  },
): number[] {
  const folds = rows.map(of.fold);
  const models = new Map(
    [...new Set(folds)].map((fold) => [
      fold,
      of.fit(rows.filter((_, index) => folds[index] !== fold)),
    ]),
  );
  return rows.map((row, index) => of.predict(models.get(folds[index]!)!, row));
}
