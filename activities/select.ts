import {
  type Candidate,
  isSelected,
  selectionThreshold,
  type Threshold,
} from '../core/selection.ts';
import type { PseudoLabel } from '../core/types.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';

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
  /** Only for the report: selection never sees gold answers. */
  accuracy: { all: Score; selected: Score };
}

export function createSelect(dependencies: Dependencies) {
  return {
    /** Finds the round's threshold (adaptive selection, §3.3) and counts what it keeps. */
    async select(ref: RoundRef): Promise<Selection> {
      const context = await openRound(dependencies, ref);
      return tracked(
        { total: await context.dataset.count('unlabelled'), unit: 'pseudo-labels' },
        async (tracker) => {
          const rows: Candidate[] = [];
          for await (const batch of context.tables.scanPseudoLabels(ref.round)) {
            tracker.signal.throwIfAborted();
            for (const { entropy, agreed, label } of batch) rows.push({ entropy, agreed, label });
          }
          const threshold = selectionThreshold(context.spec.selection, rows);
          const accuracy = { all: { correct: 0, total: 0 }, selected: { correct: 0, total: 0 } };
          const selection: Selection = { threshold, labelled: 0, agreed: 0, selected: 0, accuracy };
          for await (const batch of context.tables.scanPseudoLabels(ref.round)) {
            await score(batch, selection, context);
            tracker.add(batch.length);
          }
          return selection;
        },
      );
    },
  };
}

async function score(batch: PseudoLabel[], selection: Selection, context: RoundContext) {
  const { dataset, task } = context;
  const examples = await dataset.at(
    'unlabelled',
    batch.map((row) => row.ordinal),
  );
  batch.forEach((row, index) => {
    const kept = isSelected(row, selection.threshold);
    if (row.label !== null) selection.labelled++;
    if (row.agreed) selection.agreed++;
    if (kept) selection.selected++;
    const example = examples[index]!;
    if (example.answer === undefined) return;
    const correct = task.grade(row.label, example) ? 1 : 0;
    for (const one of kept
      ? [selection.accuracy.all, selection.accuracy.selected]
      : [selection.accuracy.all]) {
      one.total++;
      one.correct += correct;
    }
  });
}
