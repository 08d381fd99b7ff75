import type { Pass } from './passes.ts';

/** Where calibration rows come from. */
export type CalibrationSource = Exclude<Pass, 'propagate'>;

/** What a run does to have labelled examples that show how far pseudo-labels can be trusted. */
export interface CalibrationPlan {
  from: CalibrationSource;
  /** How many there are. */
  rows: number;
  /** They are those of a place below this (see `placeOf`). */
  below: number;
  /** Those below this choose and fit the score; the others calibrate the rule. */
  choosing: number;
  /** Whether each round has them, or the first alone. */
  isOfEveryRound: boolean;
}

/** What selection wants of labelled examples that nobody has seen who answers them. */
export interface SelectionNeeds {
  /** How many the rule needs at least; 0 where it needs none. */
  rule: number;
  /** How many it takes to choose or to fit the score; 0 where that is the spec's and fits nothing. */
  score: number;
  /** Whether the run goes on by another score where there are fewer than that. */
  isScoreOptional: boolean;
}

/** What a spec says of where they come from. */
export interface CalibrationChoice {
  calibration?: CalibrationSource | undefined;
  share: number;
}

/** How many labelled examples calibrate, and how many of these choose the score; or why none do. */
export type Calibrating =
  | { from: CalibrationSource; rows: number; choosing: number }
  | { reason: string }
  | { problem: string };

/** Where nothing else is said: promises are kept exactly by what is held out alone. */
export const sourceOf = (
  { calibration }: Pick<CalibrationChoice, 'calibration'>,
  { rule }: SelectionNeeds,
): CalibrationSource => calibration ?? (rule > 0 ? 'held-out' : 'cross-fit');

/** The labelled examples there are. */
interface Labelled {
  count: number;
  /** Whether right and wrong are told apart by a judge. */
  isJudged: boolean;
}

/**
 * What selection makes of the labelled examples. Where both rule and score need rows they share them,
 * half and half: a score that was chosen on the rows that calibrate would look better than it is.
 */
export function calibrating(
  needs: SelectionNeeds,
  given: CalibrationChoice,
  labelled: Labelled,
): Calibrating {
  if (needs.rule === 0 && needs.score === 0)
    return { reason: 'neither rule nor score of the selection needs it' };
  const from = sourceOf(given, needs);
  const rows = from === 'held-out' ? Math.ceil(given.share * labelled.count) : labelled.count;
  const spare = needs.rule > 0 ? Math.floor(rows / 2) : rows;
  const mayChoose =
    needs.score > 0 && spare >= needs.score && rows - spare >= needs.rule && !labelled.isJudged;
  const isScored = mayChoose || needs.score === 0 || needs.isScoreOptional;
  if (mayChoose || (needs.rule > 0 && rows >= needs.rule && isScored))
    return { from, rows, choosing: mayChoose ? spare : 0 };
  if (needs.rule === 0 && needs.isScoreOptional)
    return { reason: whyNotChosen(needs, given, labelled) };
  const least =
    needs.score === 0 || needs.isScoreOptional
      ? Math.max(needs.rule, needs.score)
      : rowsForBoth(needs);
  return { problem: problemOf(needs, given, { from, least, count: labelled.count }) };
}

/** Why the score is not chosen on labelled examples. */
export function whyNotChosen(
  needs: SelectionNeeds,
  given: CalibrationChoice,
  { count, isJudged }: Labelled,
): string {
  if (isJudged) return 'a judge would have to be asked about the labelled examples, too';
  const wanted = labelledFor(rowsForBoth(needs), sourceOf(given, needs), given);
  return `${count} labelled examples are too few to choose a score by, which takes ${wanted}`;
}

const rowsForBoth = ({ rule, score }: SelectionNeeds): number =>
  rule === 0 ? score : 2 * Math.max(rule, score);

/** Of how many labelled examples so many are rows that calibrate. */
const labelledFor = (
  rows: number,
  from: CalibrationSource,
  { share }: CalibrationChoice,
): number => (from === 'held-out' ? Math.floor((rows - 1) / share) + 1 : rows);

function problemOf(
  { rule }: SelectionNeeds,
  given: CalibrationChoice,
  { from, least, count }: { from: CalibrationSource; least: number; count: number },
): string {
  const isHeldOut = from === 'held-out';
  const whom = rule > 0 ? 'selection.rule' : 'selection.score';
  const held = isHeldOut ? ` (${least} of them held out, a share of ${given.share})` : '';
  const remedies = [
    'label more',
    ...(rule > 0 ? ['allow for a larger error'] : []),
    ...(isHeldOut ? ['raise selection.share', 'set selection.calibration to cross-fit'] : []),
    `take another ${whom}`,
  ];
  return `${whom} needs ${labelledFor(least, from, given)} labelled examples to calibrate by${held}, and there are ${count}: ${remedies.slice(0, -1).join(', ')} or ${remedies.at(-1)}`;
}

/** What a round calibrates by. */
export const calibrationIn = (
  plan: CalibrationPlan | undefined,
  round: number,
): CalibrationPlan | undefined => (plan?.isOfEveryRound || round === 1 ? plan : undefined);
