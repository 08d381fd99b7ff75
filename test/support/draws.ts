import { randomFrom } from '../../core/random.ts';
import type { CalibrationRow } from '../../core/selection/calibration/rows.ts';

/** Labels of known noise: so many right, and how far the scores of wrong ones lie above theirs. */
export interface Noise {
  accuracy: number;
  /** In standard deviations of either. */
  separation: number;
}

/** A draw of answered rows: calibration rows, and unlabelled ones of which only this draw knows what is right. */
export interface Draw {
  calibration: CalibrationRow[];
  /** Surest first. */
  unlabelled: CalibrationRow[];
  /** Their scores. */
  scores: Float64Array;
}

/** Draws of rows with scores that are normal variables, the same ones for a seed. */
export function* drawsOf(
  { accuracy, separation }: Noise,
  { rows, unlabelled, draws, seed }: Record<'rows' | 'unlabelled' | 'draws' | 'seed', number>,
): Generator<Draw> {
  const random = randomFrom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const row = (): CalibrationRow => {
    const right = random() < accuracy;
    return { right, score: normal() + (right ? 0 : separation) };
  };
  for (let draw = 0; draw < draws; draw++) {
    const calibration = Array.from({ length: rows }, row);
    const rest = Array.from({ length: unlabelled }, row).sort((a, b) => a.score - b.score);
    yield { calibration, unlabelled: rest, scores: Float64Array.from(rest, ({ score }) => score) };
  }
}

/** The share of wrong ones among the first so many; 0 of none. */
export function wrongAmong(rows: readonly CalibrationRow[], kept: number): number {
  return rows.slice(0, kept).filter(({ right }) => !right).length / Math.max(1, kept);
}
