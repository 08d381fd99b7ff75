import type { Metric, Part } from './tasks/task.ts';

/** What graded answers add up to. */
export interface Score {
  examples: number;
  /** A part for each metric of the task; none where nothing is graded yet. */
  parts: (Part & { metric: string })[];
}

export const NO_SCORE: Score = { examples: 0, parts: [] };

/** @param grades of each example, in the order of the metrics */
export function scoreOf(metrics: readonly Metric[], grades: readonly Part[][]): Score {
  const sum = (index: number, of: keyof Part) =>
    grades.reduce((total, parts) => total + parts[index]![of], 0);
  return {
    examples: grades.length,
    parts: metrics.map(({ name: metric }, index) => ({
      metric,
      got: sum(index, 'got'),
      of: sum(index, 'of'),
    })),
  };
}

export function addScores(a: Score, b: Score): Score {
  const [longer, other] = a.parts.length > 0 ? [a.parts, b.parts] : [b.parts, a.parts];
  return {
    examples: a.examples + b.examples,
    parts: longer.map(({ metric, got, of }, index) => ({
      metric,
      got: got + (other[index]?.got ?? 0),
      of: of + (other[index]?.of ?? 0),
    })),
  };
}
