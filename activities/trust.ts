import { type CalibrationSource, whyNotChosen } from '../core/calibrationPlan.ts';
import type { Verdict } from '../core/consensus.ts';
import { placeOf } from '../core/folds.ts';
import { ranges } from '../core/range.ts';
import type { Way } from '../core/resolution.ts';
import type { RoundReport } from '../core/roundReport.ts';
import { errorOf, rankingOf, shownBy } from '../core/selection/calibration/calibration.ts';
import type { CalibrationRow } from '../core/selection/calibration/rows.ts';
import {
  asJudged,
  choiceWithout,
  chooseScore,
  LAST,
  type ScoreChoice,
  scored,
  unchosenScore,
} from '../core/selection/choice.ts';
import { isScorable } from '../core/selection/rule.ts';
import type { Judged } from '../core/selection/score.ts';
import type { Selector } from '../core/selection/selector.ts';
import { wilson } from '../core/statistics.ts';
import type { Part } from '../core/tasks/task.ts';
import type { Threshold } from '../core/types.ts';
import { examplesOf } from './asking.ts';
import type { RoundContext, RoundRef } from './dependencies.ts';
import type { Tracker } from './progress.ts';
import { storedVerdicts } from './verdicts.ts';

/** Examples that are read at once. Bounds the memory. */
const PAGE = 2_048;
/** Gold answers of the unlabelled that rankings are compared on, spread evenly. Bounds the memory. */
const MOST_GOLD = 10_000;
/** One minus this is the confidence in a chart, where the rule says nothing of one. */
const BAND_DELTA = 0.1;

/** The labelled examples that have been answered by those who had not seen them. */
export interface CalibrationRef {
  from: CalibrationSource;
  /** Those of a place below this (see `placeOf`) choose and fit the score. */
  choosing: number;
  /** How disagreement about the unlabelled was resolved. */
  way: Way;
}

export interface TrustInput extends RoundRef {
  calibration?: CalibrationRef;
  /** That of the rounds before. */
  choice?: ScoreChoice;
}

/** How far pseudo-labels can be trusted, and what follows from it. */
export interface Trust {
  choice: ScoreChoice;
  /** The selection by that score. */
  selector: Selector;
  /** For the rule, where it needs some: rows that have a score. */
  rows: CalibrationRow[];
  /** What reports show of it. */
  shown(selected: Selected): ShownTrust;
}

export type ShownTrust = Pick<RoundReport['pseudoLabels'], 'calibration' | 'againstGold'>;

/** What selection has come to. */
interface Selected {
  threshold: Threshold;
  /** The scores that it follows from, lowest first. */
  ranked: Float64Array;
  gold: GoldRows;
}

/**
 * Chooses and fits the score, where the spec leaves that open, on labelled examples that are answered
 * already, and keeps the others of them to calibrate the rule by.
 */
export async function trustOf(
  context: RoundContext,
  input: TrustInput,
  tracker: Tracker,
): Promise<Trust> {
  const { needs } = context.selector;
  const wanted = { ...context.selector.wanted, unchosen: unchosenScore(context.task) };
  const { calibration } = input;
  const judged = calibration ? await judgedRows(context, input, calibration, tracker) : [];
  const isChoosing = ({ place }: Placed) => place < (calibration?.choosing ?? 0);
  const choice =
    input.choice && needs.score > 0
      ? { ...input.choice, reason: 'as in the first round' }
      : judged.some(isChoosing)
        ? chooseScore(wanted, judged.filter(isChoosing))
        : choiceWithout(wanted, await whyNot(context));
  const selector = context.selector.by(choice);
  const isApart = needs.rule > 0 && judged.some(isChoosing);
  const compared = isApart ? judged.filter(isChoosing) : judged;
  const calibrating = isApart ? judged.filter((row) => !isChoosing(row)) : judged;
  const score = wanted.scores.get(choice.score)!;
  const all = isApart ? scored(score, choice.fitted, calibrating) : asJudged(score, calibrating);
  const rows = all.filter((row) => row.score !== LAST);
  return { choice, selector, rows, shown };

  function shown({ threshold, ranked, gold }: Selected): ShownTrust {
    const scores = [...wanted.scores.values()].flatMap((one) => {
      const isChosen = one.name === choice.score;
      if (!isChosen && (one.fitsFrom ?? 0) > compared.length) return [];
      const fitted = isChosen ? choice.fitted : (one.fit?.(compared) ?? null);
      const onGold = scored(one, fitted, gold.sample);
      const said = [...onGold, ...scored(one, fitted, compared)];
      // Where nobody sees neighbours, say, their score knows nothing of anything.
      return isChosen || said.some(({ score }) => score !== LAST) ? [{ one, onGold }] : [];
    });
    const hasGold = gold.sample.length > 0;
    if (!calibration || rows.length === 0)
      return hasGold
        ? {
            againstGold: scores.map(({ one, onGold }) => ({
              name: one.name,
              againstGold: rankingOf(onGold),
            })),
          }
        : {};
    const promised = selector.promise(threshold);
    const delta = promised?.mode === 'guaranteed' ? promised.delta : BAND_DELTA;
    const claims = calibrating.flatMap(({ row: { probability }, right }) =>
      probability === null ? [] : [{ confidence: Math.min(1, probability), right }],
    );
    const { confidence } = context.spec.evaluation;
    return {
      calibration: {
        ...{ source: calibration.from, score: choice.score, reason: choice.reason },
        ...shownBy(rows, ranked, claims, { delta, seed: context.spec.seed }),
        scores: scores.map(({ one, onGold }) => ({
          name: one.name,
          ...rankingOf(asJudged(one, compared)),
          ...(hasGold && { againstGold: rankingOf(onGold) }),
        })),
        ...(promised && { promised }),
        seenError: errorOf(
          calibrating.filter(({ row }) => selector.keeps(row, threshold)),
          confidence,
        ),
        trueError: wilson(gold.wrong, gold.selected, confidence),
      },
    };
  }
}

/** Why the score is not chosen, should the spec leave it open. */
async function whyNot({ spec, task, dataset, selector }: RoundContext): Promise<string> {
  const labelled = { count: await dataset.count('labelled'), isJudged: task.judge !== undefined };
  return whyNotChosen(selector.needs, spec.selection, labelled);
}

interface Placed extends Judged {
  place: number;
}

/** The labels that were given to labelled examples in a pass, and whether they are right. */
async function judgedRows(
  context: RoundContext,
  ref: RoundRef,
  { from: pass, way }: CalibrationRef,
  { signal }: Tracker,
): Promise<Placed[]> {
  const { dataset, task } = context;
  const rows: Placed[] = [];
  for (const range of ranges(await dataset.count('labelled'), PAGE)) {
    signal.throwIfAborted();
    const passRef = { ...ref, range, pass };
    const verdictOn = await storedVerdicts(context, passRef);
    for (const example of await examplesOf(context, passRef)) {
      const row = verdictOn(example, way);
      if (!isScorable(row)) continue; // what has no label is never selected, either
      const right = isRight(task.grade(row.label, example)[0]!);
      rows.push({ row, right, place: placeOf(example) });
    }
  }
  return rows;
}

/** Whether an answer gets all that there is to get by a metric. */
export const isRight = ({ got, of }: Part): boolean => got >= of;

/** Pseudo-labels whose examples carry a gold answer: for the report alone. */
export class GoldRows {
  readonly sample: Judged[] = [];
  /** Selected ones, and how many of them are wrong. */
  selected = 0;
  wrong = 0;
  readonly #every: number;

  /** @param total of the unlabelled */
  constructor(total: number) {
    this.#every = Math.ceil(total / MOST_GOLD);
  }

  add(row: Verdict & { ordinal: number }, right: boolean, isSelected: boolean): void {
    if (isSelected) this.selected++;
    if (isSelected && !right) this.wrong++;
    if (isScorable(row) && row.ordinal % this.#every === 0) this.sample.push({ row, right });
  }
}
