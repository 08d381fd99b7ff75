import type { CalibrationPlan } from '../calibrationPlan.ts';
import type { Way } from '../resolution.ts';
import type { LeasesState } from '../review/leases.ts';
import type { ScoreChoice } from '../selection/choice.ts';
import type { Spent } from '../spent.ts';
import type { RoundSummary, RunTotals } from '../status.ts';
import type { Arrived } from './arrival.ts';
import type { Since } from './next.ts';

/** The data set of a run as it is now, and which examples of it calibrate. */
export type RunData = Pick<Arrived, 'dataset' | 'segment' | 'counts' | 'struck'> & {
  calibration?: CalibrationPlan;
};

/** The champion of a run. */
export interface Champion {
  model: string;
  /** How often it has changed so far. */
  changes: number;
}

/** Which labelled examples there are: none comes or goes without a change of these. */
export interface LabelledExtent {
  count: number;
  struck: number;
}

/** What people are asked about. */
export interface ReviewState {
  leases: LeasesState;
  /** Until when the next round waits for them, in epoch milliseconds. */
  until: number;
}

/** What a run has come to: numbers and references, however many rounds there are. */
export interface RunState {
  data: RunData;
  champion: Champion;
  /** How the rounds so far have resolved disagreement. */
  way?: Way;
  /** By which score they have selected. */
  choice?: ScoreChoice;
  totals: RunTotals;
  /** The rounds that ended last. */
  latest: RoundSummary[];
  /** In the rounds that have ended. */
  spent: Spent;
  /** When the last round began, and what data there were then. */
  since?: Since;
  /** SFT of the rounds so far, with the labelled examples that it has learned from. */
  sft?: { model: string; of: LabelledExtent };
  review?: ReviewState;
  /** The round after which the run was let go on, whatever speaks for drift. */
  letGoOn?: number;
  /** The round under way, which works on what there was when it began. */
  underWay?: UnderWay;
}

/** What a round works on, whatever comes meanwhile. */
export interface UnderWay {
  /** When it began, in epoch milliseconds. */
  at: number;
  champion: string;
  data: RunData;
}

/** The order of states of one run: each of the later ones has a greater number. */
export const stateNumber = ({ data, champion, totals, underWay }: RunState): number =>
  data.segment + champion.changes + 2 * totals.finished + (underWay ? 1 : 0);
