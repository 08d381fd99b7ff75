import { type Sums, sumsFor } from '../core/comparison.ts';
import { classDistance } from '../core/drift/classDistance.ts';
import { emptyResult } from '../core/emptyResult.ts';
import { finalFailure } from '../core/failures.ts';
import { boundOf } from '../core/living/pool.ts';
import { mostTokens } from '../core/mostTokens.ts';
import type { SelectionSteps } from '../core/roundReport.ts';
import { NO_PART } from '../core/score.ts';
import { mayBalance } from '../core/selection/balance.ts';
import type { ScoreChoice } from '../core/selection/choice.ts';
import { ClassCounts } from '../core/selection/classCounts.ts';
import { Pool } from '../core/selection/pool.ts';
import { RankedScores } from '../core/selection/rankedScores.ts';
import type { Selector } from '../core/selection/selector.ts';
import type { Estimate } from '../core/statistics.ts';
import type { AnswerTally } from '../core/tally.ts';
import { classesIn } from '../core/tasks/classesIn.ts';
import type { Classes, Threshold } from '../core/types.ts';
import { keptFromEarlier } from '../data/keptRows.ts';
import type { SelectedRow, VerdictRow } from '../store/run.ts';
import { choose } from './choosing.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
import { type Tracker, tracked } from './progress.ts';
import { GoldRows, isRight, type ShownTrust, type TrustInput, trustOf } from './trust.ts';

/** Labels that are told apart where there may be any: as many texts would fill the memory. */
const MOST_TOLD_APART = 10_000;
/** Classes that a report names as missing. */
const LISTED = 10;
/** Classes whose counts it tells. */
const COUNTED = 20;

export interface Selection extends ShownTrust {
  /** Of the score. */
  choice: ScoreChoice;
  threshold: Threshold;
  /** Unlabelled examples with a pseudo-label. */
  labelled: number;
  /** Those of them of which the score says nothing. */
  withoutScore: number;
  agreed: number;
  selected: number;
  steps: SelectionSteps;
  classes: Classes;
  /** Of the collaborators. */
  answers: AnswerTally[];
  /**
   * By the first metric, of those that have a gold answer to compare with; of none where a judge
   * grades. Only for the report: selection never sees gold answers.
   */
  quality: { all: Estimate; selected: Estimate };
}

export function createSelect(dependencies: Dependencies) {
  return {
    /**
     * Chooses the score, where the spec leaves that open, finds the round's threshold (adaptive
     * selection, §3.3), chooses among what it keeps, stores what
     * is selected and counts it. Of several attempts the set is the same: pseudo-labels do not change
     * any more.
     * @throws ApplicationFailure, non-retryable, where there is nothing to go on with
     */
    async select(ref: TrustInput): Promise<Selection> {
      const context = await openRound(dependencies, ref);
      const { spec, task } = context;
      const size = boundOf(ref.asked, spec.selection, await context.dataset.count('unlabelled'));
      return tracked({ total: size, unit: 'pseudo-labels' }, async (tracker) => {
        const trust = await trustOf(context, ref, tracker);
        const { selector } = trust;
        const ranked = await rankedScores(context, ref, { size, selector, tracker });
        const threshold = selector.threshold(ranked, trust.rows);
        const byClass = await labelledByClass(context);
        const rule = { selector, threshold, byClass };
        const { pool, counts } = await judged(context, ref, { size, tracker, ...rule });
        const labelled = byClass.all().map((one) => one.labelled);
        const { signal } = tracker;
        const { weights, ...choice } = await choose(context, pool, { labelled, signal });
        const gold = new GoldRows(size);
        const chosen = { pool, weights, byClass, gold, tracker };
        const { labels, sums } = await stored(context, ref, chosen);

        const answers = await talliesOf(context, ref);
        const classes = classesOf(labels, byClass, context);
        const { confidence } = spec.evaluation;
        const [all, selected] = [0, 1].map((index) => sums.estimate(index, confidence));
        const selection: Selection = {
          choice: trust.choice,
          threshold,
          labelled: counts.labelled,
          withoutScore: counts.withoutScore,
          agreed: counts.agreed,
          selected: choice.count,
          steps: {
            asked: counts.asked,
            kept: counts.kept,
            nearDuplicates: choice.nearDuplicates,
            by: choice.by,
            short: choice.short,
            balance: balanceName(context),
            rows: weights.reduce((sum, weight) => sum + weight, 0),
            keptRows: await keptRowsOf(context, ref),
          },
          classes,
          answers,
          quality: { all: all!, selected: selected! },
          ...trust.shown({ threshold, ranked: ranked.all(), gold }),
        };
        const maxTokens = mostTokens(spec, task, spec.answer.form === 'reasoned');
        const empty = emptyResult(selection, { ...spec, maxTokens }, selector);
        if (empty) throw finalFailure(empty.type, empty.message);
        return selection;
      });
    },
  };
}

interface Pass {
  selector: Selector;
  /** The ordinal before which all examples are that are gone through. */
  size: number;
  tracker: Tracker;
}

/** The scores that the threshold follows from. */
async function rankedScores(
  { tables }: RoundContext,
  { round }: RoundRef,
  { size, selector, tracker }: Pass,
): Promise<RankedScores> {
  const scores = new RankedScores(size);
  for await (const batch of tables.scanVerdicts(round)) {
    tracker.signal.throwIfAborted();
    for (const row of batch) {
      const ranked = selector.ranked(row);
      if (ranked) scores.add(ranked);
    }
  }
  return scores;
}

async function labelledByClass({ dataset, task }: RoundContext): Promise<ClassCounts> {
  const counts = new ClassCounts(task.classes ?? []);
  if (task.classes === null) return counts;
  for await (const { answer } of dataset.scan('labelled'))
    counts.add('labelled', classesIn(answer!, task));
  return counts;
}

interface Counts extends Pick<Selection, 'labelled' | 'withoutScore' | 'agreed'> {
  /** All that there are. */
  asked: number;
  /** By the rule. */
  kept: number;
}

/** What the rule says of each pseudo-label. */
async function judged(
  { tables, task }: RoundContext,
  { round }: RoundRef,
  pass: Pass & { threshold: Threshold; byClass: ClassCounts },
): Promise<{ pool: Pool; counts: Counts }> {
  const { size, selector, threshold, byClass, tracker } = pass;
  const pool = new Pool(size);
  const counts: Counts = { asked: 0, labelled: 0, withoutScore: 0, agreed: 0, kept: 0 };
  const indexOf = new Map(task.classes?.map((label, index) => [label, index]));
  for await (const batch of tables.scanVerdicts(round)) {
    tracker.signal.throwIfAborted();
    for (const row of batch) {
      counts.asked++;
      if (row.agreed) counts.agreed++;
      if (row.label === null) continue;
      const score = selector.scoreOf(row);
      const isKept = selector.keeps(row, threshold);
      counts.labelled++;
      if (score === null) counts.withoutScore++;
      if (isKept) counts.kept++;
      const parts = classesIn(row.label, task);
      byClass.add('given', parts);
      if (isKept) byClass.add('kept', parts);
      pool.set(row.ordinal, { score, isKept, classIndex: indexOf.get(row.label) ?? 0 });
    }
  }
  return { pool, counts };
}

/** Stores what is chosen, counts its labels, and grades it where there is something to grade it by. */
async function stored(
  context: RoundContext,
  { round }: RoundRef,
  chosen: Chosen & { pool: Pool; byClass: ClassCounts; tracker: Tracker },
): Promise<{ labels: Set<string>; sums: Sums }> {
  const { pool, weights, byClass, gold, tracker } = chosen;
  const { spec, tables, task } = context;
  const { length: examples } = weights;
  const labels = new Set<string>();
  // Of all, and of the selected.
  const sums = sumsFor(task.metrics[0], { models: 2, examples, seed: spec.seed });
  for await (const batch of tables.scanVerdicts(round)) {
    tracker.signal.throwIfAborted();
    const selected = batch.filter(({ ordinal }) => weights[ordinal]! > 0);
    const rows = selected.map(({ ordinal, exampleId }): SelectedRow => {
      const score = pool.scores[ordinal]!;
      const weight = weights[ordinal]!;
      return { round, ordinal, exampleId, score: Number.isFinite(score) ? score : null, weight };
    });
    await tables.addSelected(rows);
    if (spec.pool !== 'all') await tables.addTaught(rows);
    for (const { label } of selected) {
      const parts = classesIn(label!, task);
      byClass.add('selected', parts);
      if (task.classes !== null || labels.size < MOST_TOLD_APART)
        for (const one of parts) labels.add(one);
    }
    if (!task.judge) await grade(context, batch, { weights, gold }, sums); // a judge is not asked about them
    tracker.add(batch.length);
  }
  return { labels, sums };
}

interface Chosen {
  /** How often each is to stand in the training file, by ordinal. */
  weights: Uint8Array;
  gold: GoldRows;
}

async function grade(
  { dataset, task }: RoundContext,
  batch: VerdictRow[],
  { weights, gold }: Chosen,
  sums: Sums,
): Promise<void> {
  const given = new Map(batch.map((row) => [row.ordinal, row]));
  const range = { from: batch[0]!.ordinal, to: batch.at(-1)!.ordinal + 1 };
  for (const { ordinal, ...example } of await dataset.range('unlabelled', range)) {
    const row = given.get(ordinal);
    if (example.answer === undefined || row === undefined) continue;
    const [first] = task.grade(row.label, example);
    const isSelected = weights[ordinal]! > 0;
    sums.add([first!, isSelected ? first! : NO_PART]);
    gold.add(row, isRight(first!), isSelected);
  }
}

async function keptRowsOf(context: RoundContext, ref: RoundRef): Promise<number> {
  let rows = 0;
  for await (const batch of keptFromEarlier(context, ref.round))
    rows += batch.reduce((sum, { weight }) => sum + weight, 0);
  return rows;
}

function balanceName({ spec, task }: RoundContext): SelectionSteps['balance'] {
  const { balance } = spec.selection;
  if (!mayBalance(task)) return null;
  return typeof balance === 'string' ? balance : 'shares';
}

/** In the order of the spec. */
async function talliesOf({ spec, tables }: RoundContext, { round }: RoundRef) {
  const tallies = await tables.tally({ round, stage: 'collaborate' });
  return spec.collaborators.flatMap(({ name }) =>
    tallies.filter(({ collaborator }) => collaborator === name),
  );
}

function classesOf(selected: Set<string>, byClass: ClassCounts, context: RoundContext): Classes {
  const { classes } = context.task;
  const counts = (stage: 'labelled' | 'selected') => byClass.all().map((one) => one[stage]);
  const distance =
    balanceName(context) === 'shares'
      ? undefined
      : classDistance(counts('labelled'), counts('selected'), context.spec.seed);
  const missing = classes?.filter((label) => !selected.has(label)) ?? [];
  return {
    selected: selected.size,
    known: classes && selected.size + missing.length,
    missing: missing.slice(0, LISTED),
    counts: byClass.foremost(COUNTED),
    ...(distance && { distance }),
  };
}
