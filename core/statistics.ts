/** A share, 0 to 1, with its interval; all three are null where nothing was to get. */
export interface Estimate {
  /** got / of */
  value: number | null;
  low: number | null;
  high: number | null;
  got: number;
  of: number;
}

/** Two models on the same examples. Both tests are two-sided. */
export type Comparison = { pValue: number } & (
  | {
      test: 'mcnemar';
      /** Examples that the first model alone got right, and the second. */
      firstOnly: number;
      secondOnly: number;
    }
  | { test: 'bootstrap'; resamples: number }
);

/**
 * `got` out of `of` trials with the Wilson score interval at `confidence` (0 to 1); without trials
 * all its figures are null. E. B. Wilson, Probable inference, the law of succession, and
 * statistical inference, JASA 22 (1927).
 * @throws RangeError unless 0 ≤ got ≤ of and 0 < confidence < 1
 */
export function wilson(got: number, of: number, confidence = 0.95): Estimate {
  if (!(got >= 0 && got <= of)) throw new RangeError(`${got} out of ${of} is not a proportion.`);
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`A confidence lies between 0 and 1; ${confidence} does not.`);
  if (of === 0) return { value: null, low: null, high: null, got, of };
  const z = normalQuantile((1 + confidence) / 2);
  const value = got / of;
  const scale = 1 + z ** 2 / of;
  const centre = (value + z ** 2 / (2 * of)) / scale;
  const half = (z / scale) * Math.sqrt((value * (1 - value)) / of + (z / (2 * of)) ** 2);
  return {
    value,
    low: got === 0 ? 0 : centre - half,
    high: got === of ? 1 : centre + half,
    got,
    of,
  };
}

/**
 * McNemar's exact test of two models on the same examples: `aOnly` that only the first got right,
 * `bOnly` that only the second did. Two-sided binomial p-value of that split if both were equally
 * good. Terms are summed relative to the largest and scaled once in logarithms, so that large
 * counts neither overflow nor vanish; takes time linear in the smaller count.
 */
export function mcnemar(aOnly: number, bOnly: number): { pValue: number } {
  const trials = aOnly + bOnly;
  const fewer = Math.min(aOnly, bOnly);
  let logLargest = -trials * Math.LN2;
  for (let k = 1; k <= fewer; k++) logLargest += Math.log((trials - fewer + k) / k);
  let tail = 0;
  for (let term = 1, k = fewer; k >= 0 && term > 0; k--) {
    tail += term;
    term *= k / (trials - k + 1);
  }
  return { pValue: Math.min(1, 2 * tail * Math.exp(logLargest)) };
}

/**
 * The probability of at most `hits` marked ones among `drawn` that are drawn without replacement from
 * `of`, of which `marked` are marked. Terms are added from the least likely end in logarithms; takes
 * time linear in what is drawn and in the hits.
 */
export function hypergeometricTail(
  hits: number,
  drawn: number,
  { marked, of }: { marked: number; of: number },
): number {
  const least = Math.max(0, drawn + marked - of);
  let log = logChoose(marked, least) + logChoose(of - marked, drawn - least) - logChoose(of, drawn);
  let tail = 0;
  for (let k = least; k <= Math.min(hits, drawn, marked); k++) {
    tail += Math.exp(log);
    log += Math.log(((marked - k) * (drawn - k)) / ((k + 1) * (of - marked - drawn + k + 1)));
  }
  return Math.min(1, tail);
}

/** The logarithm of how many ways there are to take `k` of `n`. */
function logChoose(n: number, k: number): number {
  const fewer = Math.min(k, n - k);
  let log = 0;
  for (let i = 1; i <= fewer; i++) log += Math.log((n - fewer + i) / i);
  return log;
}

// P. J. Acklam's rational approximations (2003), relative error below 1.15e-9. (The probit of
// simple-statistics gives 1.957 for 0.975, where it is 1.960: too coarse for an interval.)
const CENTRE_OVER = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2,
  -3.066479806614716e1, 2.506628277459239,
];
const CENTRE_UNDER = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1,
  -1.328068155288572e1, 1,
];
const TAIL_OVER = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734,
  4.374664141464968, 2.938163982698783,
];
const TAIL_UNDER = [
  7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1,
];
const TAIL = 0.02425;

/** The value below which a standard normal variable lies with probability `p` (0 < p < 1). */
export function normalQuantile(p: number): number {
  if (p > 1 - TAIL) return -normalQuantile(1 - p);
  if (p < TAIL) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(TAIL_OVER, q) / polynomial(TAIL_UNDER, q);
  }
  const q = p - 0.5;
  return (q * polynomial(CENTRE_OVER, q * q)) / polynomial(CENTRE_UNDER, q * q);
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
