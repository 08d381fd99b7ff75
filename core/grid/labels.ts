import type { Verdict } from '../consensus.ts';
import type { Way } from '../resolution.ts';
import { auroc, precisionAt } from '../selection/calibration/ranking.ts';
import type { CalibrationRow } from '../selection/calibration/rows.ts';
import type { Score } from '../selection/score.ts';

/** The shares of the labels, surest first, at which they are looked at. */
export const COVERAGES = [0.25, 0.5, 0.75, 1] as const;

/** What labels are worth that are made in one way and ranked by one score, against gold. */
export interface LabelQuality {
  way: Way;
  score: string;
  /** Labels with a score, of examples with a gold answer. */
  of: number;
  /** How well the score tells right from wrong; null where all are alike. */
  auroc: number | null;
  /** Share of right ones among the surest, for each of {@link COVERAGES}. */
  precision: (number | null)[];
  /** How many of the surest half are of each label, most first. */
  half: { label: string; count: number }[];
}

/** A label that was made of an example with a gold answer. */
export interface GradedLabel {
  verdict: Verdict;
  right: boolean;
}

/** What labels of one way are worth by a score; those of which it says nothing are left out. */
export function labelQuality(
  way: Way,
  labels: readonly GradedLabel[],
  score: Pick<Score, 'name' | 'of'>,
): LabelQuality {
  const rows = labels.flatMap(({ verdict, right }): (CalibrationRow & { label: string })[] => {
    const { label } = verdict;
    const value = label === null ? null : score.of({ ...verdict, label });
    return label === null || value === null ? [] : [{ score: value, right, label }];
  });
  const surest = rows.toSorted((a, b) => a.score - b.score).slice(0, Math.ceil(rows.length / 2));
  const half = [...Map.groupBy(surest, ({ label }) => label)]
    .map(([label, of]) => ({ label, count: of.length }))
    .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
  return {
    ...{ way, score: score.name, of: rows.length, auroc: auroc(rows) },
    precision: COVERAGES.map((coverage) => precisionAt(rows, coverage)),
    half,
  };
}
