/** Examples that a {@link SoftmaxRegression} learns from. */
export interface LearnedRows {
  /** Of unit length, one after the other: rows × dimensions. */
  vectors: Float32Array;
  /** The class of each, counted from 0. */
  labels: Uint16Array;
  /** How much each counts, 0 or more; of one at least more than 0. */
  weights: Float32Array;
}

/** Of the squared weights: a single example far from all others is not learned by heart. */
const RIDGE = 3e-4;

/**
 * Multinomial logistic regression with a ridge penalty, by Nesterov's accelerated gradient. Its steps
 * are of the one length that is safe for vectors of unit length, so that nothing has to be tuned, and
 * the same rows give the same classifier. A step takes rows × dimensions × classes multiplications,
 * twice.
 */
export class SoftmaxRegression {
  readonly #rows: LearnedRows;
  readonly #classes: number;
  readonly #dimensions: number;
  /** A row of weights for each class, and its intercept at the end. */
  #weights: Float64Array;
  /** Where the next gradient is taken. */
  #ahead: Float64Array;
  #steps = 0;

  /** @throws RangeError where there are no classes, or not as many vectors as labels */
  constructor(rows: LearnedRows, classes: number) {
    const count = rows.labels.length;
    if (classes < 1 || count === 0 || rows.vectors.length % count !== 0)
      throw new RangeError(
        `${rows.vectors.length} numbers for ${count} labels of ${classes} classes`,
      );
    this.#rows = rows;
    this.#classes = classes;
    this.#dimensions = rows.vectors.length / count;
    this.#weights = new Float64Array(classes * (this.#dimensions + 1));
    this.#ahead = this.#weights.slice();
  }

  /** One step down the mean loss. */
  step(): void {
    const gradient = this.#gradient();
    // The curvature is at most half of the squared length of a row, which with the intercept is 2.
    const length = 1 / (1 + RIDGE);
    const next = this.#ahead.map((value, index) => value - length * gradient[index]!);
    const momentum = this.#steps / (this.#steps + 3);
    this.#ahead = next.map((value, index) => value + momentum * (value - this.#weights[index]!));
    this.#weights = next;
    this.#steps++;
  }

  /** The probability of each class, of a vector of unit length. */
  predict(vector: Float32Array): Float64Array {
    return this.#shares(this.#weights, vector, 0, new Float64Array(this.#classes));
  }

  #gradient(): Float64Array {
    const { vectors, labels, weights } = this.#rows;
    const width = this.#dimensions + 1;
    const gradient = new Float64Array(this.#ahead.length);
    const shares = new Float64Array(this.#classes);
    let total = 0;
    for (let row = 0; row < labels.length; row++) {
      const start = row * this.#dimensions;
      this.#shares(this.#ahead, vectors, start, shares);
      total += weights[row]!;
      for (let one = 0; one < this.#classes; one++) {
        const excess = weights[row]! * (shares[one]! - (labels[row] === one ? 1 : 0));
        const at = one * width;
        for (let index = 0; index < this.#dimensions; index++)
          gradient[at + index]! += excess * vectors[start + index]!;
        gradient[at + this.#dimensions]! += excess;
      }
    }
    return gradient.map((value, index) => {
      const isIntercept = index % width === this.#dimensions;
      return value / total + (isIntercept ? 0 : RIDGE * this.#ahead[index]!);
    });
  }

  /** Softmax of the classes' scores of the vector that starts at `start`, written into `shares`. */
  #shares(by: Float64Array, vectors: Float32Array, start: number, shares: Float64Array) {
    let highest = Number.NEGATIVE_INFINITY;
    for (let one = 0; one < this.#classes; one++) {
      const at = one * (this.#dimensions + 1);
      let score = by[at + this.#dimensions]!;
      for (let index = 0; index < this.#dimensions; index++)
        score += by[at + index]! * vectors[start + index]!;
      shares[one] = score;
      highest = Math.max(highest, score);
    }
    let sum = 0;
    for (let one = 0; one < this.#classes; one++) {
      shares[one] = Math.exp(shares[one]! - highest);
      sum += shares[one]!;
    }
    for (let one = 0; one < this.#classes; one++) shares[one]! /= sum;
    return shares;
  }
}
