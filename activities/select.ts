import { isRanked, isSelected, selectionThreshold, type Threshold } from '../core/selection.ts';
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
      const rule = context.spec.selection;
      const total = await context.dataset.count('unlabelled');
      return tracked({ total, unit: 'pseudo-labels' }, async (tracker) => {
        // Eight bytes an example, a million of them or more.
        const entropies = new Float64Array(total);
        let ranked = 0;
        for await (const batch of context.tables.scanPseudoLabels(ref.round)) {
          tracker.signal.throwIfAborted();
          for (const row of batch) if (isRanked(row, rule)) entropies[ranked++] = row.entropy;
        }
        const threshold = selectionThreshold(rule, entropies.subarray(0, ranked));
        const accuracy = { all: { correct: 0, total: 0 }, selected: { correct: 0, total: 0 } };
        const selection: Selection = { threshold, labelled: 0, agreed: 0, selected: 0, accuracy };
        for await (const batch of context.tables.scanPseudoLabels(ref.round)) {
          await score(batch, selection, context);
          tracker.add(batch.length);
        }
        return selection;
      });
    },
  };
}

async function score(batch: PseudoLabel[], selection: Selection, context: RoundContext) {
  const { dataset, task } = context;
  const range = { from: batch[0]!.ordinal, to: batch.at(-1)!.ordinal + 1 };
  const examples = await dataset.range('unlabelled', range);
  const exampleOf = new Map(examples.map((example) => [example.ordinal, example]));
  batch.forEach((row) => {
    const kept = isSelected(row, selection.threshold);
    if (row.label !== null) selection.labelled++;
    if (row.agreed) selection.agreed++;
    if (kept) selection.selected++;
    const example = exampleOf.get(row.ordinal)!;
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
