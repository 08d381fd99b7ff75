import type { PseudoLabel } from '../core/consensus.ts';
import { emptyResult } from '../core/emptyResult.ts';
import { finalFailure } from '../core/failures.ts';
import type { AnswerTally } from '../core/tally.ts';
import type { Task } from '../core/tasks/task.ts';
import type { Classes, Threshold } from '../core/types.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';

/** Classes that a report names. */
const LISTED = 10;

/** Correct out of those that have a gold answer to compare with. */
export interface Score {
  correct: number;
  total: number;
}

export interface Selection {
  threshold: Threshold;
  /** Unlabelled examples with a pseudo-label. */
  labelled: number;
  agreed: number;
  selected: number;
  classes: Classes;
  /** Of the collaborators. */
  answers: AnswerTally[];
  /** Only for the report: selection never sees gold answers. */
  accuracy: { all: Score; selected: Score };
}

export function createSelect(dependencies: Dependencies) {
  return {
    /**
     * Finds the round's threshold (adaptive selection, §3.3) and counts what it keeps.
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
        for await (const batch of context.tables.scanPseudoLabels(ref.round)) {
          tracker.signal.throwIfAborted();
          for (const row of batch) {
            const score = selector.rankedScore(row);
            if (score !== null) scores[ranked++] = score;
          }
        }
        const threshold = selector.threshold(scores.subarray(0, ranked));
        const accuracy = { all: { correct: 0, total: 0 }, selected: { correct: 0, total: 0 } };
        const counts = { labelled: 0, agreed: 0, selected: 0, accuracy };
        const labels = new Set<string>();
        for await (const batch of context.tables.scanPseudoLabels(ref.round)) {
          await count(batch, { threshold, counts, labels }, context);
          tracker.add(batch.length);
        }
        const answers = await talliesOf(context, ref);
        const classes = classesOf(labels, context.task);
        const selection: Selection = { threshold, ...counts, classes, answers };
        const empty = emptyResult(selection, context.spec, selector);
        if (empty) throw finalFailure(empty.type, empty.message);
        return selection;
      });
    },
  };
}

/** Adds a batch to the counts, and the labels of what is selected to theirs. */
async function count(
  batch: PseudoLabel[],
  sums: {
    threshold: Threshold;
    counts: Pick<Selection, 'labelled' | 'agreed' | 'selected' | 'accuracy'>;
    labels: Set<string>;
  },
  context: RoundContext,
) {
  const { threshold, counts, labels } = sums;
  const { dataset, task, selector } = context;
  const range = { from: batch[0]!.ordinal, to: batch.at(-1)!.ordinal + 1 };
  const examples = await dataset.range('unlabelled', range);
  const exampleOf = new Map(examples.map((example) => [example.ordinal, example]));
  batch.forEach((row) => {
    const kept = selector.keeps(row, threshold);
    if (row.label !== null) counts.labelled++;
    if (row.agreed) counts.agreed++;
    if (kept) {
      counts.selected++;
      labels.add(row.label!);
    }
    const example = exampleOf.get(row.ordinal)!;
    if (example.answer === undefined) return;
    const correct = task.grade(row.label, example)[0]!.got;
    for (const one of kept
      ? [counts.accuracy.all, counts.accuracy.selected]
      : [counts.accuracy.all]) {
      one.total++;
      one.correct += correct;
    }
  });
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
    known: classes?.length ?? null,
    missing: missing.slice(0, LISTED),
  };
}
