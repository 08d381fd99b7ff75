import { type LearnedRows, SoftmaxRegression } from './softmaxRegression.ts';

/** So many classifiers there are: each example is seen by the one that did not learn from it. */
export const VIEWS = 5;

/** Steps of a classifier: by then it changes by next to nothing. */
const STEPS = 150;

/** An example that classifiers learn from. */
export interface Lesson {
  ordinal: number;
  /** Of any length above 0. */
  vector: Float32Array;
  /** Its class, counted from 0. */
  label: number;
  /** How much it counts, 0 to 1. */
  weight: number;
}

/** Whether each classifier has something to learn from. */
export const mayLearn = (lessons: readonly Lesson[]): boolean =>
  new Set(lessons.map(({ ordinal }) => ordinal % VIEWS)).size > 1;

/**
 * A second view of examples (Blum and Mitchell, Combining labeled and unlabeled data with co-training,
 * COLT 1998): classifiers over their embeddings that learn from the labels of others. Which one sees
 * an example follows from its ordinal, so that its own label has no part in what is said of it.
 */
export class CrossFitted {
  readonly #regressions: SoftmaxRegression[];

  private constructor(regressions: SoftmaxRegression[]) {
    this.#regressions = regressions;
  }

  /**
   * @param lessons such that {@link mayLearn}; of those of each view at least one weighs something
   * @param between awaited between steps, which take a while each
   * @throws RangeError where one has none to learn from
   */
  static async learn(
    lessons: readonly Lesson[],
    classes: number,
    between: () => Promise<void>,
  ): Promise<CrossFitted> {
    const regressions: SoftmaxRegression[] = [];
    for (let view = 0; view < VIEWS; view++) {
      const others = lessons.filter(({ ordinal }) => ordinal % VIEWS !== view);
      const regression = new SoftmaxRegression(rowsOf(others), classes);
      for (let step = 0; step < STEPS; step++) {
        regression.step();
        await between();
      }
      regressions.push(regression);
    }
    return new CrossFitted(regressions);
  }

  /** The share of each class, of an example that it may have learned from. */
  see(ordinal: number, vector: Float32Array): Float64Array {
    return this.#regressions[ordinal % VIEWS]!.predict(unit(vector));
  }
}

function rowsOf(lessons: readonly Lesson[]): LearnedRows {
  const dimensions = lessons[0]?.vector.length ?? 0;
  const vectors = new Float32Array(lessons.length * dimensions);
  for (const [row, { vector }] of lessons.entries()) vectors.set(unit(vector), row * dimensions);
  return {
    vectors,
    labels: Uint16Array.from(lessons, ({ label }) => label),
    weights: Float32Array.from(lessons, ({ weight }) => weight),
  };
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length > 0 ? vector.map((value) => value / length) : vector;
}
