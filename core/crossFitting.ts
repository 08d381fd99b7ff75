import type { CalibrationSource } from './calibrationPlan.ts';
import type { Plan } from './plan.ts';
import { notCompared } from './resolution.ts';

/** What of a round its cross-fitting follows from. */
export interface FittedRound {
  /** Whether it is the first of its run: models of later ones have learned from all labelled examples. */
  isFirst: boolean;
  /** How many labelled examples its warm-ups learn from. */
  learning: number;
  /** Where the examples come from that it calibrates by; undefined where none do. */
  calibration: CalibrationSource | undefined;
}

/** Whether a round doubts gold answers: the first does, whose models have not learned from all of them. */
export const isAudited = ({ audit }: Plan, { isFirst }: Pick<FittedRound, 'isFirst'>): boolean =>
  audit === true && isFirst;

/** Whether labelled examples are answered by models that have learned from the other fold of them alone. */
export const isCrossFitted = (plan: Plan, round: FittedRound): boolean =>
  round.calibration === 'cross-fit' ||
  isAudited(plan, round) ||
  (round.isFirst && notCompared(plan, round.learning) === undefined);

/** How many models learn without a fold: as many as there are warm-ups, none where nobody asks these. */
export const modelsOfAFold = ({ asksWarmUp, warmUps }: Plan): number =>
  asksWarmUp ? warmUps.length : 0;
