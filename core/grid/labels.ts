import type { Verdict } from '../consensus.ts';
import type { Way } from '../resolution.ts';
import { type Balance, balanced } from '../selection/balance.ts';
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
  /** Share of right ones among the surest, in 25, 50, 75 and 100 % of them. */
  precision: (number | null)[];
  /** How many of the surest half are of each label, most first. */
  half: { label: string; count: number }[];
  /** Share of right ones among as many as half of them at the most, by balance; null without classes. */
  balanced: { cap: number | null; prior: number | null };
}

/** The classes of a task whose answer is one of them, and how many labelled examples each has. */
export interface LabelledClasses {
  classes: readonly string[];
  labelled: readonly number[];
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
  known?: LabelledClasses,
): LabelQuality {
  const rows = labels.flatMap(({ verdict, right }): (CalibrationRow & { label: string })[] => {
    const { label } = verdict;
    const value = label === null ? null : score.of({ ...verdict, label });
    return label === null || value === null ? [] : [{ score: value, right, label }];
  });
  const order = rows.toSorted((a, b) => a.score - b.score);
  const most = Math.ceil(rows.length / 2);
  const surest = order.slice(0, most);
  const rightIn = (balance: Balance): number | null => {
    if (!known) return null;
    const indexOf = new Map(known.classes.map((label, index) => [label, index]));
    const classes = Int32Array.from(order, ({ label }) => indexOf.get(label) ?? 0);
    const ordinals = Uint32Array.from(order.keys());
    const options = { classes, classCount: known.classes.length, balance, most };
    const taken = [...balanced(ordinals, options)];
    return taken.length === 0
      ? null
      : taken.filter((ordinal) => order[ordinal]!.right).length / taken.length;
  };
  const half = [...Map.groupBy(surest, ({ label }) => label)]
    .map(([label, of]) => ({ label, count: of.length }))
    .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
  return {
    ...{ way, score: score.name, of: rows.length, auroc: auroc(rows) },
    precision: COVERAGES.map((coverage) => precisionAt(rows, coverage)),
    half,
    balanced: { cap: rightIn('cap'), prior: known ? rightIn({ shares: known.labelled }) : null },
  };
}
