import { Bootstrap } from './bootstrap.ts';
import { addParts, NO_PART } from './score.ts';
import { type Comparison, type Estimate, mcnemar, wilson } from './statistics.ts';
import type { Metric, Part } from './tasks/task.ts';

/** What several models get on the same examples by one metric, added up example by example. */
export interface Sums {
  /** What each model got on one example. */
  add(parts: readonly Part[]): void;
  /** What a model got on all of them. */
  total(model: number): Part;
  /** @param confidence level of the interval, 0 to 1 */
  estimate(model: number, confidence: number): Estimate;
  /** Tests whether two models are equally good. */
  compare(first: number, second: number): Comparison;
}

/** Nothing added up yet, in the way that the test of the metric needs. @param examples how many come */
export function sumsFor(
  { test }: Metric,
  options: { models: number; examples: number; seed: number },
): Sums {
  return test === 'mcnemar' ? new RightOrWrong(options.models) : new Bootstrap(options);
}

/** Of examples that are right (1 of 1) or wrong (0 of 1): Wilson's interval and McNemar's test. */
class RightOrWrong implements Sums {
  readonly #totals: Part[];
  /** On how many examples the one model was right, and the other was not. */
  readonly #only: number[][];

  constructor(models: number) {
    this.#totals = Array(models).fill(NO_PART);
    this.#only = Array.from({ length: models }, () => Array(models).fill(0));
  }

  add(parts: readonly Part[]): void {
    parts.forEach((part, model) => {
      this.#totals[model] = addParts(this.#totals[model]!, part);
      parts.forEach((other, index) => {
        if (part.got > other.got) this.#only[model]![index]!++;
      });
    });
  }

  total(model: number): Part {
    return this.#totals[model]!;
  }

  estimate(model: number, confidence: number): Estimate {
    const { got, of } = this.total(model);
    return wilson(got, of, confidence);
  }

  compare(first: number, second: number): Comparison {
    const firstOnly = this.#only[first]![second]!;
    const secondOnly = this.#only[second]![first]!;
    return { test: 'mcnemar', firstOnly, secondOnly, ...mcnemar(firstOnly, secondOnly) };
  }
}
