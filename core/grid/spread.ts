import { tBound } from '../studentT.ts';

/** A figure over seeds: of each data seed those of its training seeds. */
export type BySeed = readonly (readonly number[])[];

/** What a figure is over seeds, and how far it varies with each kind of seed. */
export interface Spread {
  /** Mean over the data seeds, of each the mean of its training seeds. */
  mean: number;
  /**
   * Standard deviation between data seeds, without what training seeds add to it where there are
   * several; null with one data seed.
   */
  sdData: number | null;
  /** Standard deviation between training seeds on the same data; null with one for each. */
  sdTraining: number | null;
}

/** A mean with its interval over data seeds; without bounds where there is one seed alone. */
export interface Interval {
  mean: number;
  low: number | null;
  high: number | null;
}

/**
 * Components of variance, by the one-way analysis of variance with random effects (S. R. Searle,
 * Linear Models, 1971, ch. 9).
 * @param figures at least one
 */
export function spreadOf(figures: BySeed): Spread {
  const means = figures.map(meanOf);
  const all = figures.flat();
  const spare = all.length - figures.length;
  const within =
    spare > 0
      ? figures.reduce((sum, some, index) => sum + squares(some, means[index]!), 0) / spare
      : null;
  const mean = meanOf(means);
  if (figures.length < 2) return { mean, sdData: null, sdTraining: root(within) };
  const total = meanOf(all);
  const between =
    figures.reduce((sum, some, index) => sum + some.length * (means[index]! - total) ** 2, 0) /
    (figures.length - 1);
  const each =
    (all.length - figures.reduce((sum, some) => sum + some.length ** 2, 0) / all.length) /
    (figures.length - 1);
  const ofData = (between - (within ?? 0)) / each;
  return { mean, sdData: root(Math.max(0, ofData)), sdTraining: root(within) };
}

/**
 * The t interval of a mean over data seeds, each with the mean of its training seeds: other data
 * seeds are what a figure is to hold for.
 */
export function intervalOf(figures: BySeed, confidence: number): Interval {
  const means = figures.map(meanOf);
  const mean = meanOf(means);
  if (means.length < 2) return { mean, low: null, high: null };
  const degrees = means.length - 1;
  const error = Math.sqrt(squares(means, mean) / degrees / means.length);
  const half = tBound(degrees, confidence) * error;
  return { mean, low: mean - half, high: mean + half };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const squares = (values: readonly number[], mean: number): number =>
  values.reduce((sum, value) => sum + (value - mean) ** 2, 0);

const root = (value: number | null): number | null => (value === null ? null : Math.sqrt(value));
