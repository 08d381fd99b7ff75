/** An amount that is not known yet: the likeliest, and the two between which it lies. */
export interface Span {
  low: number;
  likely: number;
  high: number;
}

export const NOTHING: Span = { low: 0, likely: 0, high: 0 };

/** An amount that is known. */
export const exactly = (amount: number): Span => ({ low: amount, likely: amount, high: amount });

/** A span made of others, each of its three amounts of theirs. */
export const combined = (
  spans: readonly Span[],
  combine: (...amounts: number[]) => number,
): Span => ({
  low: combine(...spans.map(({ low }) => low)),
  likely: combine(...spans.map(({ likely }) => likely)),
  high: combine(...spans.map(({ high }) => high)),
});

/** The sum: the lowest together and the highest together, since what makes one high makes all. */
export const plus = (...spans: Span[]): Span =>
  combined(spans, (...amounts) => amounts.reduce((sum, amount) => sum + amount, 0));

/** The product of amounts of 0 or more. */
export const times = (...spans: (Span | number)[]): Span =>
  combined(
    spans.map((one) => (typeof one === 'number' ? exactly(one) : one)),
    (...amounts) => amounts.reduce((product, amount) => product * amount, 1),
  );

/** Standard errors on either side of a mean: the truth lies outside in 3 of 1,000 samples. */
const ERRORS = 3;

/**
 * The mean over all of which these are a random sample; exact where they are all.
 * @param population how many there are, as many as the values or more
 */
export function meanOf(values: readonly number[], population: number): Span {
  const { length } = values;
  if (length === 0) return NOTHING;
  const mean = values.reduce((sum, value) => sum + value, 0) / length;
  if (length >= population) return exactly(mean);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const unseen = 1 - length / population;
  const error = Math.sqrt((squares / Math.max(1, length - 1) / length) * unseen);
  return {
    low: Math.max(0, mean - ERRORS * error),
    likely: mean,
    high: mean + ERRORS * error,
  };
}
