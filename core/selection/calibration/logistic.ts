/** A logistic regression as it was fitted: plain JSON. */
export interface Logistic {
  /** Of each feature: what it is centred on, what it is scaled by, and what it then counts. */
  features: { mean: number; scale: number; weight: number }[];
  intercept: number;
}

/** A row to learn from: numbers, the same ones in the same order in every row. */
export interface LogisticRow {
  features: readonly number[];
  right: boolean;
}

/** Newton's method needs five to ten steps; what is still moving after so many does not matter. */
const MOST_STEPS = 50;
const SETTLED = 1e-9;

/**
 * Logistic regression by iteratively reweighted least squares (P. McCullagh and J. A. Nelder,
 * Generalized Linear Models, 1989, §4.4), with features in units of their standard deviation and a
 * ridge on their weights, not on the intercept: so it is defined where the features part right from
 * wrong altogether. Where all rows are right, or all wrong, or there are none, every weight is 0.
 *
 * @param ridge strength of the penalty ridge / 2 · Σ weight², as many rows' worth of evidence
 */
export function fitLogistic(rows: readonly LogisticRow[], ridge = 1): Logistic {
  const scales = scalesOf(rows);
  const right = rows.filter((row) => row.right).length;
  // Half a row of each kind: a share of 0 or 1 has no logit.
  const intercept = Math.log((right + 0.5) / (rows.length - right + 0.5));
  let weights = [intercept, ...scales.map(() => 0)];
  if (right > 0 && right < rows.length) {
    const inputs = rows.map(({ features }) => [1, ...standardised(features, scales)]);
    for (let step = 0, moved = Infinity; step < MOST_STEPS && moved > SETTLED; step++) {
      const change = newtonStep(inputs, rows, weights, ridge);
      moved = Math.max(...change.map(Math.abs));
      weights = weights.map((weight, index) => weight + change[index]!);
    }
  }
  return {
    features: scales.map((scale, index) => ({ ...scale, weight: weights[index + 1]! })),
    intercept: weights[0]!,
  };
}

/** The probability that a row of these features is right, 0 to 1. */
export function predict({ features: scales, intercept }: Logistic, features: readonly number[]) {
  return sigmoid(
    standardised(features, scales).reduce(
      (sum, value, index) => sum + value * scales[index]!.weight,
      intercept,
    ),
  );
}

type Scale = Pick<Logistic['features'][number], 'mean' | 'scale'>;

function scalesOf(rows: readonly LogisticRow[]): Scale[] {
  return (rows[0]?.features ?? []).map((_, index) => {
    const values = rows.map(({ features }) => features[index]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, scale: Math.sqrt(variance) || 1 };
  });
}

const standardised = (features: readonly number[], scales: readonly Scale[]) =>
  scales.map(({ mean, scale }, index) => (features[index]! - mean) / scale);

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** (Xᵀ W X + ridge) change = Xᵀ (y − p) − ridge · weights, without a ridge on the intercept. */
function newtonStep(
  inputs: readonly (readonly number[])[],
  rows: readonly LogisticRow[],
  weights: readonly number[],
  ridge: number,
): number[] {
  const penalty = (index: number) => (index === 0 ? 0 : ridge);
  const matrix = weights.map((_, i) => weights.map((_, j) => (i === j ? penalty(i) : 0)));
  const gradient = weights.map((weight, index) => -penalty(index) * weight);
  for (const [row, input] of inputs.entries()) {
    const p = sigmoid(input.reduce((sum, value, index) => sum + value * weights[index]!, 0));
    const residual = (rows[row]!.right ? 1 : 0) - p;
    for (const [i, value] of input.entries()) {
      gradient[i]! += residual * value;
      for (const [j, other] of input.entries()) matrix[i]![j]! += p * (1 - p) * value * other;
    }
  }
  return solved(matrix, gradient);
}

/** The solution of a symmetric, positive definite system, by Gauss and Jordan's elimination. */
function solved(matrix: readonly number[][], right: readonly number[]): number[] {
  const rows = matrix.map((row, index) => [...row, right[index]!]);
  for (const [pivot, row] of rows.entries())
    for (const other of rows) {
      if (other === row) continue;
      const factor = other[pivot]! / row[pivot]!;
      for (let column = pivot; column < row.length; column++)
        other[column]! -= factor * row[column]!;
    }
  return rows.map((row, index) => row.at(-1)! / row[index]!);
}
