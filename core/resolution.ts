import type { Estimate } from './statistics.ts';

/**
 * A way to resolve disagreement between collaborators (§3.2 of the paper):
 *
 * - `justify`, the paper's: a model is shown the candidates, and justifies one of them.
 * - `probability`: the candidate whose answers were the most probable, all together.
 * - `vote`: the candidate of most votes.
 */
export type Way = 'justify' | 'probability' | 'vote';

/** All of them; of equally good ones the first is taken. */
export const WAYS = ['justify', 'probability', 'vote'] as const satisfies readonly Way[];

/** How a round resolves disagreement, and why so. */
export interface Resolution {
  way: Way;
  /** What the ways came to, where they were compared. */
  compared?: WaysCompared;
  /** Why they were not, in words. */
  reason?: string;
}

/** What each way makes of the same cross-fitted labelled examples. */
export interface WaysCompared {
  /** How many there are. */
  rows: number;
  /** On how many of them the collaborators disagreed: all other labels are the same in all ways. */
  disagreed: number;
  /** By the first metric of the task. */
  values: Record<Way, Estimate>;
}

/**
 * From so many labelled examples on `auto` compares the ways. On the demo the collaborators disagree
 * on 29 %: then some 30 examples tell the ways apart, and each of the models that answer them has
 * learned from 50. With fewer of either the comparison would be a matter of luck, and would cost two
 * fine-tunes of each warm-up.
 */
export const LEAST_ROWS = 100;

/** What a run's plan says of whether ways are compared. */
interface ComparisonPlan {
  resolution: 'auto' | Way;
  /** Whether a classifier over embeddings has its say: that adds up probabilities. */
  coTraining: boolean;
  /** To an example. */
  answers: number;
  /** A judge takes part in grading, or in finding out what means the same, where there is one. */
  endpoints: { judge?: string | undefined };
}

/**
 * Why the ways are not compared; undefined where they are.
 * @param rows labelled examples
 */
export function notCompared(plan: ComparisonPlan, rows: number): string | undefined {
  if (plan.coTraining)
    return 'a classifier over embeddings has as much say in each label as all collaborators together (co-training)';
  if (plan.resolution !== 'auto') return 'the spec says how disagreement is resolved';
  if (plan.answers < 2) return 'where there is one answer to each example, nobody disagrees';
  if (plan.endpoints.judge !== undefined)
    return 'a judge would have to be asked about the labelled examples, too';
  return rows < LEAST_ROWS
    ? `${rows} labelled examples are too few to compare the ways to resolve disagreement, which takes ${LEAST_ROWS}`
    : undefined;
}

/** Whether answers may come to be justified, however many labelled examples there are. */
export const mayJustify = (plan: ComparisonPlan): boolean =>
  plan.resolution === 'justify' || notCompared(plan, LEAST_ROWS) === undefined;

/** The way of the highest value; of equal ones the paper's, then `probability`. */
export function bestWay(values: WaysCompared['values']): Way {
  const value = (way: Way) => values[way].value ?? 0;
  return WAYS.reduce((best, way) => (value(way) > value(best) ? way : best));
}

/**
 * The way where the ways are not compared: that of the spec, else `probability`. On the demo (seed 0)
 * justification made the labels worse than the plain majority (78.3 % right against 81.7 %), and the
 * summed probability told right from wrong better than the entropy (AUROC 0.86 against 0.80). But of
 * long answers, which a judge compares, the probability says little more than how short they are:
 * there it is `vote`.
 */
export function wayWithoutComparison(plan: ComparisonPlan): Way {
  const { resolution, coTraining, endpoints } = plan;
  if (coTraining) return 'probability';
  if (resolution !== 'auto') return resolution;
  return endpoints.judge === undefined ? 'probability' : 'vote';
}
