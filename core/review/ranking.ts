import type { Suspicion } from '../audit/suspects.ts';
import type { Candidate, Verdict } from '../consensus.ts';
import type { Reviewed } from './review.ts';

/** An example that people are to look at, and why. */
export interface RankedExample extends Reviewed {
  /** What the collaborators have answered, most votes first. */
  candidates: Candidate[];
  /** Of an unlabelled one. */
  teaching?: Teaching;
  /** Of a labelled one: what speaks against its answer. */
  suspicion?: Suspicion;
}

/** What people are to look at after a round, the most instructive first. */
export interface Ranking {
  round: number;
  /** The version of the data set that the round worked on. */
  dataset: string;
  examples: RankedExample[];
}

/** What an answer would teach, each 0 to 1. */
export interface Teaching {
  /** The share of the collaborators that are not behind the label; 1 where there is none. */
  disagreement: number;
  /** How near the score is to the cut-off of selection, by rank; 0 where it says nothing. */
  nearness: number;
}

/**
 * How much an answer would teach: what collaborators disagree about is where some of them are wrong,
 * and near the cut-off an answer decides what is learned from.
 */
export const worth = ({ disagreement, nearness }: Teaching): number => disagreement + nearness;

/** The share of those asked that are not behind the label. */
export const disagreementOf = ({
  label,
  votes,
  collaborators,
}: Pick<Verdict, 'label' | 'votes' | 'collaborators'>): number =>
  label === null || collaborators === 0 ? 1 : 1 - votes / collaborators;

/** Where selection parts what it ranks. */
export class CutOff {
  readonly #ranked: Float64Array;
  readonly #kept: number;

  /**
   * @param ranked the scores that the threshold follows from, lowest first
   * @param kept how many of these are kept
   */
  constructor(ranked: Float64Array, kept: number) {
    this.#ranked = ranked;
    this.#kept = kept;
  }

  /**
   * How near a score is to the cut-off: 1 at it, 0 at the end that is farther from it; of equal scores
   * by the nearest.
   */
  nearness(score: number): number {
    const { length } = this.#ranked;
    if (length === 0) return 0;
    const [first, end] = [this.#rankOf(score, false), this.#rankOf(score, true)];
    const distance = Math.max(0, first - this.#kept, this.#kept - end);
    return 1 - Math.min(1, distance / Math.max(this.#kept, length - this.#kept));
  }

  /** How many scores are lower; with the equal ones where these are to count. */
  #rankOf(score: number, withEqual: boolean): number {
    let [low, high] = [0, this.#ranked.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const value = this.#ranked[middle]!;
      if (value < score || (withEqual && value === score)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The foremost of any number of things, by an order: no more than twice as many are ever kept. */
export class Foremost<One> {
  readonly #size: number;
  readonly #order: (a: One, b: One) => number;
  #kept: One[] = [];

  constructor(size: number, order: (a: One, b: One) => number) {
    this.#size = size;
    this.#order = order;
  }

  add(one: One): void {
    this.#kept.push(one);
    if (this.#kept.length >= 2 * this.#size) this.#kept = this.all();
  }

  /** In their order. */
  all(): One[] {
    return this.#kept.toSorted(this.#order).slice(0, this.#size);
  }
}

/**
 * Takes from each cluster in turn its foremost, so that no corner of the data fills the whole list.
 * @param ordered the foremost first
 */
export function spread<One>(
  ordered: readonly One[],
  clusterOf: (one: One) => unknown,
  size: number,
): One[] {
  const clusters = [...Map.groupBy(ordered, clusterOf).values()];
  const taken: One[] = [];
  for (let turn = 0; taken.length < Math.min(size, ordered.length); turn++)
    for (const cluster of clusters)
      if (turn < cluster.length && taken.length < size) taken.push(cluster[turn]!);
  return taken;
}
