import type { CalibrationSource } from '../calibrationPlan.ts';
import { answersAsked } from '../collaborators/ofSpec.ts';
import { isCrossFitted, modelsOfAFold } from '../crossFitting.ts';
import { FOLDS } from '../folds.ts';
import { planOf } from '../plan.ts';
import { count } from '../report/format.ts';
import type { RunSpec } from '../spec.ts';

/** What the first round of a run does for cross-fitting alone. */
export interface CrossFittingCost {
  /** Fine-tunes: whether there is an SFT model of equal steps shows in the round. */
  models: { fewest: number; most: number };
  /** Answers of models to labelled examples. */
  answers: number;
}

/**
 * What cross-fitting will cost in the first round of a run.
 * @param labelled how many labelled examples there are
 * @param calibration those of them that selection calibrates by, if any
 */
export function crossFittingCost(
  spec: RunSpec,
  labelled: number,
  calibration?: { from: CalibrationSource; rows: number },
): CrossFittingCost {
  const plan = planOf(spec);
  const learning = labelled - (calibration?.from === 'held-out' ? calibration.rows : 0);
  const round = { isFirst: true, learning, calibration: calibration?.from };
  const isFitted = isCrossFitted(plan, round);
  const answering = isFitted ? FOLDS * modelsOfAFold(plan) : 0;
  // Where there is no test split SemiEvol, and each SFT that it is compared with, are made again for each fold.
  const { folds: graded = 0, sft } = plan;
  const fewest = answering + 2 * graded;
  return {
    models: { fewest, most: sft === 'equal-epochs' ? fewest : fewest + graded },
    answers: isFitted ? learning * answersAsked(spec) : 0,
  };
}

/** The same in words; undefined where it costs nothing. */
export function crossFittingNote(
  { models: { fewest, most }, answers }: CrossFittingCost,
  { rounds }: Pick<RunSpec, 'rounds'>,
): string | undefined {
  if (most === 0 && answers === 0) return undefined;
  const models = fewest === most ? count(most) : `${count(fewest)} to ${count(most)}`;
  const parts = [
    most > 0 && `trains ${models} further models`,
    answers > 0 && `asks for ${count(answers)} further answers`,
  ];
  const when = rounds === 1 ? '' : ' in the first round';
  return `cross-fitting ${parts.filter(Boolean).join(' and ')}${when}: "semievol plan" says what that costs`;
}
