import { type Sums, sumsFor } from '../core/comparison.ts';
import { emptyResult } from '../core/emptyResult.ts';
import { finalFailure } from '../core/failures.ts';
import { mostTokens } from '../core/mostTokens.ts';
import { NO_PART } from '../core/score.ts';
import type { Estimate } from '../core/statistics.ts';
import type { AnswerTally } from '../core/tally.ts';
import type { Task } from '../core/tasks/task.ts';
import type { Classes, Threshold } from '../core/types.ts';
import type { SelectedRow, VerdictRow } from '../store/run.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';

/** Labels that are told apart where there may be any: as many texts would fill the memory. */
const MOST_TOLD_APART = 10_000;
/** Classes that a report names. */
const LISTED = 10;

export interface Selection {
  threshold: Threshold;
  /** Unlabelled examples with a pseudo-label. */
  labelled: number;
  /** Those of them of which the score says nothing. */
  withoutScore: number;
  agreed: number;
  selected: number;
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
     * Finds the round's threshold (adaptive selection, §3.3), stores what it keeps and counts it.
     * Of several attempts the set is the same: pseudo-labels do not change any more.
     * @throws ApplicationFailure, non-retryable, where there is nothing to go on with
     */
    async select(ref: RoundRef): Promise<Selection> {
      const context = await openRound(dependencies, ref);
      const { selector } = context;
      const total = await context.dataset.count('unlabelled');
      return tracked({ total, unit: 'pseudo-labels' }, async (tracker) => {
        // Eight bytes an example, a million of them or more.
        const scores = new Float64Array(total);
        let ranked = 0;
        for await (const batch of context.tables.scanVerdicts(ref.round)) {
          tracker.signal.throwIfAborted();
          for (const row of batch) {
            const score = selector.rankedScore(row);
            if (score !== null) scores[ranked++] = score;
          }
        }
        const threshold = selector.threshold(scores.subarray(0, ranked));
        const { spec, task } = context;
        const counts = { labelled: 0, withoutScore: 0, agreed: 0, selected: 0 };
        const labels = new Set<string>();
        // Of all, and of the selected.
        const sums = sumsFor(task.metrics[0], { models: 2, examples: total, seed: spec.seed });
        for await (const batch of context.tables.scanVerdicts(ref.round)) {
          const selected = keptOf(batch, threshold, context);
          await context.tables.addSelected(selected.map((row) => ({ ...row, round: ref.round })));
          const ordinals = new Set(selected.map(({ ordinal }) => ordinal));
          await count(batch, ordinals, { counts, labels, sums }, context);
          tracker.add(batch.length);
        }
        const answers = await talliesOf(context, ref);
        const classes = classesOf(labels, task);
        const { confidence } = spec.evaluation;
        const [all, selected] = [0, 1].map((index) => sums.estimate(index, confidence));
        const quality = { all: all!, selected: selected! };
        const selection: Selection = { threshold, ...counts, classes, answers, quality };
        const maxTokens = mostTokens(spec, task, spec.answer.form === 'reasoned');
        const empty = emptyResult(selection, { ...spec, maxTokens }, selector);
        if (empty) throw finalFailure(empty.type, empty.message);
        return selection;
      });
    },
  };
}

/** What the rule keeps of a batch. */
function keptOf(
  batch: VerdictRow[],
  threshold: Threshold,
  { selector }: RoundContext,
): Omit<SelectedRow, 'round'>[] {
  return batch
    .filter((row) => selector.keeps(row, threshold))
    .map((row) => ({
      ordinal: row.ordinal,
      exampleId: row.exampleId,
      score: selector.scoreOf(row),
      weight: 1,
    }));
}

/** Adds a batch to the counts, the labels of what is selected to theirs, and grades to the sums. */
async function count(
  batch: VerdictRow[],
  chosen: ReadonlySet<number>,
  of: {
    counts: Pick<Selection, 'labelled' | 'withoutScore' | 'agreed' | 'selected'>;
    labels: Set<string>;
    sums: Sums;
  },
  context: RoundContext,
) {
  const { counts, labels } = of;
  const { dataset, selector, task } = context;
  for (const row of batch) {
    if (row.label !== null) {
      counts.labelled++;
      if (selector.scoreOf(row) === null) counts.withoutScore++;
    }
    if (row.agreed) counts.agreed++;
    if (!chosen.has(row.ordinal)) continue;
    counts.selected++;
    if (task.classes === null && labels.size >= MOST_TOLD_APART) continue;
    for (const one of task.classesOf?.(row.label!) ?? [row.label!]) labels.add(one);
  }
  if (task.judge) return; // who is not asked about pseudo-labels
  const given = new Map(batch.map(({ ordinal, label }) => [ordinal, label]));
  const range = { from: batch[0]!.ordinal, to: batch.at(-1)!.ordinal + 1 };
  for (const example of await dataset.range('unlabelled', range)) {
    const label = given.get(example.ordinal);
    if (example.answer === undefined || label === undefined) continue;
    const [first] = task.grade(label, example);
    of.sums.add([first!, chosen.has(example.ordinal) ? first! : NO_PART]);
  }
}

/** In the order of the spec. */
async function talliesOf({ spec, tables }: RoundContext, { round }: RoundRef) {
  const tallies = await tables.tally({ round, stage: 'collaborate' });
  return spec.collaborators.flatMap(({ name }) =>
    tallies.filter(({ collaborator }) => collaborator === name),
  );
}

function classesOf(selected: Set<string>, { classes }: Task): Classes {
  const missing = classes?.filter((label) => !selected.has(label)) ?? [];
  return {
    selected: selected.size,
    known: classes && selected.size + missing.length,
    missing: missing.slice(0, LISTED),
  };
}
