import { isRanked, isSelected, selectionThreshold } from '../../core/selection.ts';
import type { RunSpec } from '../../core/spec.ts';
import { createTask } from '../../core/tasks.ts';
import { type ModelRole, modelRoles, type RoundReport } from '../../core/types.ts';
import type { Store } from '../../store/store.ts';

const everything = { from: 0, to: 2 ** 31 - 1 };

/**
 * Counts the figures of the reports again, from the tables alone.
 * @returns where a report says otherwise, e.g. `round 1, right of sft: 25 instead of 26`
 */
export async function contradictions(
  store: Store,
  dataset: string,
  spec: RunSpec,
  reports: RoundReport[],
): Promise<string[]> {
  const found: string[] = [];
  for (const report of reports) {
    const counted = await recount(store, dataset, spec, report.round);
    const said = figuresOf(report);
    for (const [name, value] of Object.entries(counted))
      if (said[name] !== value)
        found.push(`round ${report.round}, ${name}: ${said[name]} instead of ${value}`);
  }
  return found;
}

type Figures = Record<string, number | null>;

/** The figures of a report that its tables must bear out. */
function figuresOf({ accuracy, mcnemar, pseudoLabels, sftBaseline, sftVariants }: RoundReport) {
  const figures: Figures = {
    'selected pseudo-labels': pseudoLabels.count,
    'right of all pseudo-labels': pseudoLabels.all.correct,
    'right of the selected': pseudoLabels.selected.correct,
    agreement: pseudoLabels.agreement,
    threshold: pseudoLabels.threshold,
    'right of vanilla': accuracy.vanilla.correct,
    'right of sft': sftVariants.epochs.correct,
    'right of sft-steps': sftVariants.steps.correct,
    'right of semievol': accuracy.semievol.correct,
    'SemiEvol alone right': mcnemar.semievolOnly,
    'SFT alone right': mcnemar.sftOnly,
    'better SFT': sftBaseline === 'steps' ? 1 : 0,
  };
  return figures;
}

async function recount(
  store: Store,
  dataset: string,
  spec: RunSpec,
  round: number,
): Promise<Figures> {
  const data = store.dataset(dataset);
  const run = store.run(spec.name, dataset);
  const task = createTask(spec.task);

  const unlabelled = await data.range('unlabelled', everything);
  const rows = await run.pseudoLabels(round, everything);
  const ranked = rows.filter((row) => isRanked(row, spec.selection));
  const entropies = Float64Array.from(ranked, (row) => row.entropy!);
  const threshold = selectionThreshold(spec.selection, entropies);
  const selected = rows.filter((row) => isSelected(row, threshold));
  const right = (some: typeof rows) =>
    some.filter((row) => task.grade(row.label, unlabelled[row.ordinal]!)).length;

  const test = await data.range('test', everything);
  const rightOf = async (role: ModelRole) => {
    const answers = await run.answers({ round, stage: `evaluate-${role}`, range: everything });
    const graded = answers.filter((one) => task.grade(one.parsed, test[one.ordinal]!));
    return { asked: answers.length > 0, ordinals: new Set(graded.map(({ ordinal }) => ordinal)) };
  };
  const [vanilla, sft, steps, semievol] = await Promise.all(modelRoles.map(rightOf));
  const equalSteps = steps!.asked ? steps!.ordinals : sft!.ordinals;
  const isStepsBetter = equalSteps.size > sft!.ordinals.size;
  const baseline = isStepsBetter ? equalSteps : sft!.ordinals;
  return {
    'selected pseudo-labels': selected.length,
    'right of all pseudo-labels': right(rows),
    'right of the selected': right(selected),
    agreement: rows.filter((row) => row.agreed).length / unlabelled.length,
    threshold: threshold.cutoff,
    'right of vanilla': vanilla!.ordinals.size,
    'right of sft': sft!.ordinals.size,
    'right of sft-steps': equalSteps.size,
    'right of semievol': semievol!.ordinals.size,
    'SemiEvol alone right': without(semievol!.ordinals, baseline),
    'SFT alone right': without(baseline, semievol!.ordinals),
    'better SFT': isStepsBetter ? 1 : 0,
  };
}

const without = (some: Set<number>, others: Set<number>) =>
  [...some].filter((one) => !others.has(one)).length;
