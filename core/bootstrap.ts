import { addParts, NO_PART } from './score.ts';
import type { Comparison, Estimate } from './statistics.ts';
import type { Part } from './tasks/task.ts';

/** Resamples where examples are few, and where they are many. */
const MOST_RESAMPLES = 10_000;
const FEWEST_RESAMPLES = 1_000;
/** Weights that take about two seconds for four models; a million examples take about twenty. */
const WEIGHTS = 1e8;
/** Differences closer than this are equal: their sums were added in another order. */
const ROUNDING = 1e-12;

/** 10,000 resamples up to 10,000 examples, then fewer, and 1,000 from 100,000 examples on. */
export function resamplesFor(examples: number): number {
  const affordable = Math.floor(WEIGHTS / Math.max(1, examples));
  return Math.min(MOST_RESAMPLES, Math.max(FEWEST_RESAMPLES, affordable));
}

/**
 * A paired bootstrap of ratios of sums, as micro F1 is one: examples are drawn again, each with what
 * all models got on it. Every example counts in every resample as often as a Poisson variable of
 * mean 1 says (N. Chamandy, O. Muralidharan, A. Najmi and S. Naidu, Estimating uncertainty for
 * massive data streams, 2012), so that the examples are gone through once and none is kept. The
 * same seed and the same examples in the same order give the same figures.
 */
export class Bootstrap {
  readonly #totals: Part[];
  /** For each model what was got, and what was to get, in each of the resamples. */
  readonly #sums: Record<keyof Part, Float64Array>[];
  /** How often an example counts in each of them. */
  readonly #weights: Float64Array;
  readonly #draw: (weights: Float64Array) => void;

  constructor({ models, examples, seed }: { models: number; examples: number; seed: number }) {
    const resamples = resamplesFor(examples);
    this.#totals = Array(models).fill(NO_PART);
    this.#sums = this.#totals.map(() => ({
      got: new Float64Array(resamples),
      of: new Float64Array(resamples),
    }));
    this.#weights = new Float64Array(resamples);
    this.#draw = poissonOfMeanOne(seed);
  }

  add(parts: readonly Part[]): void {
    this.#draw(this.#weights);
    for (const [model, part] of parts.entries()) {
      this.#totals[model] = addParts(this.#totals[model]!, part);
      const sums = this.#sums[model]!;
      addWeighted(sums.got, this.#weights, part.got);
      addWeighted(sums.of, this.#weights, part.of);
    }
  }

  total(model: number): Part {
    return this.#totals[model]!;
  }

  /** With the percentile interval. */
  estimate(model: number, confidence: number): Estimate {
    const { got, of } = this.total(model);
    if (of === 0) return { value: null, low: null, high: null, got, of };
    const values = this.#ratios(model).filter(Number.isFinite).sort();
    const at = (share: number) => values[Math.round(share * (values.length - 1))]!;
    const tail = (1 - confidence) / 2;
    return { value: got / of, low: at(tail), high: at(1 - tail), got, of };
  }

  /**
   * The share of the resamples whose difference is as far from the one observed as that is from
   * none (A. C. Davison and D. V. Hinkley, Bootstrap methods and their application, 1997, §4.4),
   * the examples themselves counted as one of them: it is never 0.
   */
  compare(first: number, second: number): Comparison {
    const observed = ratio(this.total(first)) - ratio(this.total(second));
    const [ofFirst, ofSecond] = [this.#ratios(first), this.#ratios(second)];
    const isFar = (value: number, resample: number) =>
      !(Math.abs(value - ofSecond[resample]! - observed) < Math.abs(observed) - ROUNDING);
    const resamples = this.#weights.length;
    const pValue = (1 + ofFirst.filter(isFar).length) / (1 + resamples);
    return { test: 'bootstrap', resamples, pValue };
  }

  /** What a model has come to in each resample; NaN where nothing was to get. */
  #ratios(model: number): Float64Array {
    const { got, of } = this.#sums[model]!;
    return got.map((sum, resample) => sum / of[resample]!);
  }
}

function addWeighted(sums: Float64Array, weights: Float64Array, value: number): void {
  if (value === 0) return;
  for (let place = 0; place < sums.length; place++) sums[place]! += weights[place]! * value;
}

const ratio = ({ got, of }: Part) => got / of;

const DRAWS = 2 ** 16;
/** The Poisson variable of mean 1 for each of as many equally likely draws. */
const POISSON = (() => {
  const table = new Uint8Array(DRAWS);
  let below = 0;
  for (let value = 0, probability = Math.exp(-1); below < DRAWS; value++, probability /= value) {
    const end = Math.max(below + 1, Math.round(below + probability * DRAWS));
    table.fill(value, below, end);
    below = end;
  }
  return table;
})();

/**
 * Fills weights one after another, with two of every number of C. Doty-Humphrey's generator sfc32
 * (PractRand).
 */
function poissonOfMeanOne(seed: number): (weights: Float64Array) => void {
  const state = Int32Array.of(0, seed, Math.floor(seed / 2 ** 32), 1);
  const fill = (weights: Float64Array) => {
    // Variables of the function are several times as fast.
    let [a, b, c, counter] = state as unknown as [number, number, number, number];
    for (let place = 0; place < weights.length; place += 2) {
      const number = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + number) | 0;
      weights[place] = POISSON[number & 0xffff]!;
      weights[place + 1] = POISSON[number >>> 16]!;
    }
    state.set([a, b, c, counter]);
  };
  fill(new Float64Array(32)); // its first numbers tell the seed
  return fill;
}
