/**
 * A labelled row that was answered as the unlabelled are, by models and with neighbours that have not
 * seen it.
 */
export interface CalibrationRow {
  /** The lower, the surer. */
  score: number;
  /** Whether the label it was given is the gold one. */
  right: boolean;
}

/** Surest first. */
export const bySureness = (a: CalibrationRow, b: CalibrationRow) => a.score - b.score;
