import type { Metric, Part } from './tasks/task.ts';

/** What graded answers add up to. */
export interface Score {
  examples: number;
  /** A part for each metric of the task; none where nothing is graded yet. */
  parts: (Part & { metric: string })[];
}

export const NO_SCORE: Score = { examples: 0, parts: [] };

/** Of no example. */
export const NO_PART: Part = { got: 0, of: 0 };

/** What was got of what there was to get; null where that is nothing. */
export const shareOf = ({ got, of }: Part): number | null => (of === 0 ? null : got / of);

export const addParts = (a: Part, b: Part): Part => ({ got: a.got + b.got, of: a.of + b.of });

/** @param grades of each example, in the order of the metrics */
export function scoreOf(metrics: readonly Metric[], grades: readonly Part[][]): Score {
  return {
    examples: grades.length,
    parts: metrics.map(({ name: metric }, index) => ({
      metric,
      ...grades.reduce((sum, parts) => addParts(sum, parts[index]!), NO_PART),
    })),
  };
}

export function addScores(a: Score, b: Score): Score {
  const [longer, other] = a.parts.length > 0 ? [a.parts, b.parts] : [b.parts, a.parts];
  return {
    examples: a.examples + b.examples,
    parts: longer.map(({ metric, ...part }, index) => ({
      metric,
      ...addParts(part, other[index] ?? NO_PART),
    })),
  };
}
