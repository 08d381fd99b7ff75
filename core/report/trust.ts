import type { RoundReport } from '../roundReport.ts';
import type { BandPoint } from '../selection/calibration/band.ts';
import type {
  Calibration,
  Promised,
  Ranking,
  ScoreQuality,
} from '../selection/calibration/calibration.ts';
import type { ScoreChoice } from '../selection/choice.ts';
import { count, level, NONE, percent } from './format.ts';
import { type ColumnOf, type Section, type Table, tableOf } from './section.ts';

/** How far the pseudo-labels can be trusted, where labelled rows were answered as they are. */
export function trustSections({ pseudoLabels, confidence }: RoundReport): Section[] {
  const { calibration, againstGold, choice } = pseudoLabels;
  if (!calibration)
    return againstGold
      ? [{ title: 'How the scores rank', blocks: goldBlocks(againstGold, choice) }]
      : [];
  return [
    {
      title: 'How far the labels can be trusted',
      blocks: [
        sourceLine(calibration),
        errorTable(calibration, confidence),
        scoreTable(calibration.scores),
        choiceLine(calibration.score, calibration.reason),
        bandTable(calibration),
        ...reliabilityBlocks(calibration),
      ],
    },
  ];
}

/** What is known of scores where no labelled examples were answered by models that had not seen them. */
function goldBlocks(
  scores: NonNullable<RoundReport['pseudoLabels']['againstGold']>,
  { score, reason }: ScoreChoice,
): (Table | string)[] {
  const rankings = scores.map(({ name, againstGold }) => ({ name, by: GOLD, ...againstGold }));
  return [rankingTable(rankings), choiceLine(score, reason)];
}

const GOLD = 'gold of the unlabelled';
const choiceLine = (score: string, reason: string) => `Selection went by ${score}: ${reason}.`;

const SOURCES: Record<Calibration['source'], string> = {
  'held-out':
    'labelled examples were kept out of the training of those who answer and of prompts; both SFT models have learned from all',
  'cross-fit':
    'labelled examples were answered by models that had learned from the others only, which is approximate: they have learned from fewer than the warm-up, and are not one model',
};

function sourceLine({ source, rows, right }: Calibration): string {
  return `${count(rows)} ${SOURCES[source]}. Of the labels that these were given ${percent(rows === 0 ? null : right / rows)} are right.`;
}

/** Wanted, stated, seen and true. */
function errorTable(calibration: Calibration, confidence: number): Table {
  const interval = `(${level(confidence)} interval)`;
  return tableOf(
    [calibration],
    [
      {
        title: 'wrong among the selected',
        kind: 'text',
        of: ({ promised }) => (promised ? promiseOf(promised) : NONE),
      },
      { title: 'wanted', kind: 'share', of: ({ promised }) => promised?.wanted ?? null },
      { title: 'stated', kind: 'share', of: ({ promised }) => promised?.stated ?? null },
      {
        title: `of the rows above ${interval}`,
        kind: 'estimate',
        of: ({ seenError }) => seenError,
      },
      { title: `against gold ${interval}`, kind: 'estimate', of: ({ trueError }) => trueError },
    ],
  );
}

const promiseOf = (promised: Promised) =>
  promised.mode === 'expected'
    ? 'on average'
    : `at most, with ${level(1 - promised.delta)} confidence`;

/** A row for each score, and one more where there is gold to judge it by. */
function scoreTable(scores: readonly ScoreQuality[]): Table {
  const rankings = scores.flatMap(({ name, againstGold, ...ranking }) => [
    { name, by: 'labelled', ...ranking },
    ...(againstGold ? [{ name, by: GOLD, ...againstGold }] : []),
  ]);
  return rankingTable(rankings);
}

interface Ranked extends Ranking {
  name: string;
  by: string;
}

function rankingTable(rankings: readonly Ranked[]): Table {
  const surest = (part: keyof Ranking['precision'], title: string): ColumnOf<Ranking> => ({
    ...{ title, kind: 'share' },
    of: ({ precision }) => precision[part],
  });
  return tableOf(rankings, [
    { title: 'score', kind: 'text', of: ({ name }) => name },
    { title: 'judged by', kind: 'text', of: ({ by }) => by },
    { title: 'rows', kind: 'count', of: ({ rows }) => rows },
    { title: 'AUROC', kind: 'decimal', of: ({ auroc }) => auroc },
    surest('25', 'right of the surest 25 %'),
    surest('50', 'of 50 %'),
    surest('75', 'of 75 %'),
  ]);
}

/** Tenths of coverage are shown. */
const TENTHS = 10;

function bandTable({ band, bandDelta }: Calibration): Table {
  const tenthOf = ({ coverage }: BandPoint) => Math.floor(TENTHS * coverage + 1e-9);
  const shown = band.filter((point, index) => {
    const before = band[index - 1];
    return tenthOf(point) > (before ? tenthOf(before) : 0);
  });
  return tableOf(shown, [
    { title: 'surest of the unlabelled', kind: 'share', of: ({ coverage }) => coverage },
    { title: 'right of labelled as sure', kind: 'share', of: ({ precision }) => precision },
    {
      title: `at least, with ${level(1 - bandDelta)} confidence in all of these`,
      kind: 'share',
      of: ({ least }) => least,
    },
  ]);
}

function reliabilityBlocks({ reliability, calibrationError }: Calibration): (Table | string)[] {
  if (calibrationError === null) return [];
  return [
    tableOf(reliability, [
      {
        title: 'probability of the label',
        kind: 'text',
        of: ({ from, to }) => `${from.toFixed(1)} to ${to.toFixed(1)}`,
      },
      { title: 'labels', kind: 'count', of: ({ rows }) => rows },
      { title: 'mean', kind: 'share', of: ({ confidence }) => confidence },
      { title: 'right', kind: 'share', of: ({ accuracy }) => accuracy },
    ]),
    `On average the probability of a label and the share that is right lie ${percent(calibrationError)} apart (expected calibration error).`,
  ];
}
