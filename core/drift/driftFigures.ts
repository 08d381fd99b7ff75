import type { RoundReport } from '../roundReport.ts';
import { type Estimate, wilson } from '../statistics.ts';
import type { ClassDistance } from './classDistance.ts';

/** By what a round shows whether a run has begun to believe its own mistakes. */
export interface DriftFigures {
  /** Not there where the task has no fixed classes, or other shares of them were wanted. */
  classes?: ClassDistance;
  /** Of what the rule keeps of labelled examples that were answered unseen; not there without any. */
  precision?: Estimate;
}

/** What of a report tells whether a run drifts. */
export function driftFigures({ pseudoLabels, confidence }: RoundReport): DriftFigures {
  const { classes, calibration } = pseudoLabels;
  const seen = calibration?.seenError;
  return {
    ...(classes.distance && { classes: classes.distance }),
    ...(seen && seen.of > 0 && { precision: wilson(seen.of - seen.got, seen.of, confidence) }),
  };
}
