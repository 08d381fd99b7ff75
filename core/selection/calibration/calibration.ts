import { type Estimate, wilson } from '../../statistics.ts';
import { type BandPoint, bandOf } from './band.ts';
import { auroc, precisionAt } from './ranking.ts';
import { type Claim, calibrationError, type ReliabilityBin, reliability } from './reliability.ts';
import type { CalibrationRow } from './rows.ts';

/** How well a score ranks rows: right ones before wrong ones. */
export interface Ranking {
  rows: number;
  /** 0 to 1, where 0.5 tells nothing; null where all rows are right, or all wrong. */
  auroc: number | null;
  /** The share of right ones among the surest quarter, half and three quarters; null without rows. */
  precision: Record<'25' | '50' | '75', number | null>;
}

/** A score, and what ranking by it comes to. */
export interface ScoreQuality extends Ranking {
  /** As `selection.score` names it. */
  name: string;
  /** The same on unlabelled rows that carry a gold answer, for the report alone; absent without any. */
  againstGold?: Ranking;
}

/** What a calibrated selection promises of the labels that its rule keeps. */
export type Promised = {
  /** The wanted share of wrong labels among the selected, 0 to 1. */
  wanted: number;
  /** What it comes to by the calibration rows: on average, or at most. */
  stated: number;
} & ({ mode: 'expected' } | { mode: 'guaranteed'; delta: number });

/** How far pseudo-labels can be trusted, as labelled rows show that were answered in the same way. */
export interface Calibration {
  /** Whether the rows were kept out of training and prompts, or answered by models of other folds. */
  source: 'held-out' | 'cross-fit';
  /** Calibration rows that have a score. */
  rows: number;
  /** Those that are right. */
  right: number;
  /** The score that selection went by, as `selection.score` names it. */
  score: string;
  /** Why that one. */
  reason: string;
  /** All that were compared, or that one alone. */
  scores: ScoreQuality[];
  /** Of the label's probability on calibration rows; none where there is no probability. */
  reliability: ReliabilityBin[];
  /** Expected calibration error, 0 to 1. */
  calibrationError: number | null;
  /** Precision against coverage of the unlabelled, by that score. */
  band: BandPoint[];
  /** One minus this is the confidence in all of the band at once. */
  bandDelta: number;
  /** Where the rule states an error. */
  promised?: Promised;
  /** Wrong ones among the calibration rows that the rule keeps. */
  seenError: Estimate;
  /** Wrong ones among the selected, against gold; of none where no unlabelled row carries some. */
  trueError: Estimate;
}

/** @param rows of which memory and time are proportional: bound them */
export function rankingOf(rows: readonly CalibrationRow[]): Ranking {
  const at = (coverage: number) => precisionAt(rows, coverage);
  return {
    rows: rows.length,
    auroc: auroc(rows),
    precision: { 25: at(0.25), 50: at(0.5), 75: at(0.75) },
  };
}

/** The share of wrong ones, with its interval. */
export function errorOf(rows: readonly { right: boolean }[], confidence: number): Estimate {
  return wilson(rows.filter(({ right }) => !right).length, rows.length, confidence);
}

/**
 * The part of a `Calibration` that follows from rows and scores.
 *
 * @param calibration scored by the score that selection goes by
 * @param unlabelled scores of the same, lowest first
 * @param claims of the calibration rows that have a probability
 */
export function shownBy(
  calibration: readonly CalibrationRow[],
  unlabelled: Float64Array,
  claims: readonly Claim[],
  { delta, seed }: { delta: number; seed: number },
): Pick<Calibration, 'rows' | 'right' | 'reliability' | 'calibrationError' | 'band' | 'bandDelta'> {
  const bins = reliability(claims);
  return {
    rows: calibration.length,
    right: calibration.filter(({ right }) => right).length,
    reliability: bins,
    calibrationError: calibrationError(bins),
    band: bandOf(calibration, unlabelled, { delta, seed }),
    bandDelta: delta,
  };
}
