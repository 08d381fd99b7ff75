import type { z } from 'zod';
import type { Verdict } from '../consensus.ts';
import type { Json } from '../types.ts';
import type { Promised } from './calibration/calibration.ts';
import type { CalibrationRow } from './calibration/rows.ts';

/** What selection sees of a pseudo-label that has a label; one without is never selected. */
export type Scorable = Omit<Verdict, 'label'> & { label: string };

/** Whether a pseudo-label has a label. */
export const isScorable = (row: Verdict): row is Verdict & Scorable => row.label !== null;

/** The same with what the score says of it: the lower, the surer; null where it says nothing. */
export type Scored = Scorable & { score: number | null };

/** A rule as a spec sets it. `Threshold` is plain JSON: it passes through the workflow. */
export interface Criterion<Threshold extends Json = Json> {
  /** Whether the score of this one is among those that the threshold follows from. */
  isRanked(row: Scored): boolean;
  /**
   * How many calibration rows it needs at least, labelled examples that are answered as the unlabelled
   * are by models that have not seen them; it gets none where this is left out.
   */
  calibrationRows?: number;
  /**
   * The threshold that follows from the ranked scores, which come lowest first.
   * @param calibration those of the calibration rows that have a score, in any order
   */
  threshold(ranked: Float64Array, calibration: readonly CalibrationRow[]): Threshold;
  /** Whether this one goes into training. */
  keeps(row: Scored, threshold: Threshold): boolean;
  /**
   * Rule and threshold in words, for reports and messages: "paper 50 (entropy up to 0.1200)".
   * @param measure what the score measures, in words
   */
  describe(threshold: Threshold, measure: string): string;
  /** What is promised of the labels it keeps; of none nothing is. */
  promise?(threshold: Threshold): Promised | undefined;
  /** What to change in the spec so that more is kept: "raise selection.percentile". */
  remedy: string;
}

/** The schema of a rule's part of a run spec: an object that names the rule. */
export type RuleSchema = z.ZodObject<{ rule: z.ZodLiteral<string> }>;

/** A selection rule: what a run spec says of it, and the criterion that this makes. */
export interface SelectionRule<
  Spec extends RuleSchema = RuleSchema,
  Threshold extends Json = Json,
> {
  /**
   * A strict object whose `rule` is a literal, the rule's name; `score` is added to it. As the
   * schema of a task kind it must take what it makes, with the same result.
   */
  spec: Spec;
  /** The rule as a run's spec has it. */
  create(spec: z.output<Spec>): Criterion<Threshold>;
}

/**
 * A selection rule of one's own, for `extensions.rules` of the configuration.
 *
 * @example
 * ```ts
 * import { defineSelectionRule } from 'semievol';
 * import { z } from 'zod';
 *
 * export const surest = defineSelectionRule({
 *   spec: z.strictObject({
 *     rule: z.literal('surest').describe('Keep a number of the surest pseudo-labels.'),
 *     number: z.number().int().min(1).default(1_000).describe('How many, and what ties with them.'),
 *   }),
 *   create: ({ number }) => ({
 *     isRanked: () => true,
 *     threshold: (ranked) => ({ cutoff: ranked[Math.min(number, ranked.length) - 1] ?? null }),
 *     keeps: ({ score }, { cutoff }) => score !== null && cutoff !== null && score <= cutoff,
 *     describe: ({ cutoff }, measure) => `surest ${number} (${measure} up to ${cutoff})`,
 *     remedy: 'raise selection.number',
 *   }),
 * });
 * ```
 */
export function defineSelectionRule<Spec extends RuleSchema, Threshold extends Json>(
  rule: SelectionRule<Spec, Threshold>,
): SelectionRule<Spec, Threshold> {
  return rule;
}
