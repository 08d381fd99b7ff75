import type { Answer } from '../../core/answer.ts';
import { isGivenUp } from '../../core/answer.ts';
import { builtIn } from '../../core/registry.ts';
import type { RoundReport } from '../../core/roundReport.ts';
import type { RunSpec } from '../../core/spec.ts';
import type { AnswerTally } from '../../core/tally.ts';
import { MODEL_ROLES, type ModelRole } from '../../core/types.ts';
import type { Store } from '../../store/store.ts';
import { answersOf } from './tables.ts';

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
    for (const name of new Set([...Object.keys(counted), ...Object.keys(said)]))
      if (said[name] !== counted[name])
        found.push(`round ${report.round}, ${name}: ${said[name]} instead of ${counted[name]}`);
  }
  return found;
}

type Figures = Record<string, number | string | null>;

/** The figures of a report that its tables must bear out. */
function figuresOf(report: RoundReport): Figures {
  const { accuracy, answers, mcnemar, pseudoLabels } = report;
  return {
    ...Object.fromEntries(answers.flatMap(tallyFigures)),
    'examples without a vector': report.withoutVector,
    'selected pseudo-labels': pseudoLabels.count,
    'right of all pseudo-labels': pseudoLabels.all.correct,
    'right of the selected': pseudoLabels.selected.correct,
    agreement: pseudoLabels.agreement,
    threshold: pseudoLabels.rule,
    'right of vanilla': accuracy.vanilla.correct,
    'right of sft': report.sftVariants.epochs.correct,
    'right of sft-steps': report.sftVariants.steps.correct,
    'right of semievol': accuracy.semievol.correct,
    'SemiEvol alone right': mcnemar.semievolOnly,
    'SFT alone right': mcnemar.sftOnly,
    'better SFT': report.sftBaseline === 'steps' ? 1 : 0,
  };
}

type Counts = Omit<AnswerTally, 'givenUp'>;

/** What became of the answers of one kind. */
const tallyFigures = ({ stage, collaborator, ...counts }: Counts): [string, number][] =>
  (['answers', 'unread', 'cut', 'withoutEntropy'] as const).map((name) => [
    `${name} of ${stage} ${collaborator}`,
    counts[name],
  ]);

/** The same of answers themselves, all of one kind. */
function tallyOf(answers: Answer[]): Counts {
  const { stage, collaborator } = answers[0]!;
  const count = (isSo: (answer: Answer) => boolean) => answers.filter(isSo).length;
  // What the endpoint would not answer at all is told of by itself.
  const isAnswer = ({ finishReason }: Answer) => !isGivenUp(finishReason);
  return {
    stage,
    collaborator,
    answers: answers.length,
    unread: count(({ parsed }) => parsed === null),
    cut: count(({ finishReason }) => finishReason === 'length'),
    withoutEntropy: count((answer) => answer.entropy === null && isAnswer(answer)),
  };
}

async function recount(
  store: Store,
  dataset: string,
  spec: RunSpec,
  round: number,
): Promise<Figures> {
  const data = store.dataset(dataset);
  const run = store.run(spec.name, dataset);
  const task = builtIn.task(spec.task);

  const unlabelled = await data.range('unlabelled', everything);
  const rows = await run.pseudoLabels(round, everything);
  const selector = builtIn.selector(spec.selection);
  const scores = rows.flatMap((row) => selector.rankedScore(row) ?? []);
  const threshold = selector.threshold(Float64Array.from(scores));
  const selected = rows.filter((row) => selector.keeps(row, threshold));
  const right = (some: typeof rows) =>
    some.filter((row) => task.grade(row.label, unlabelled[row.ordinal]!)[0]!.got).length;

  const unembedded = await Promise.all(
    (['labelled', 'unlabelled'] as const).map((split) =>
      data.withoutVector(spec.embedding.name, split, everything),
    ),
  );
  const answers = await answersOf(store, spec, dataset, round);
  const kinds = Map.groupBy(answers, ({ stage, collaborator }) => `${stage} ${collaborator}`);
  const test = await data.range('test', everything);
  const rightOf = (role: ModelRole) => {
    const graded = answers.filter(
      (one) =>
        one.stage === `evaluate-${role}` && task.grade(one.parsed, test[one.ordinal]!)[0]!.got,
    );
    return new Set(graded.map(({ ordinal }) => ordinal));
  };
  const [vanilla, sft, steps, semievol] = MODEL_ROLES.map(rightOf);
  const isAsked = answers.some(({ stage }) => stage === 'evaluate-sft-steps');
  const equalSteps = isAsked ? steps! : sft!;
  const isStepsBetter = equalSteps.size > sft!.size;
  const baseline = isStepsBetter ? equalSteps : sft!;
  return {
    ...Object.fromEntries([...kinds.values()].map(tallyOf).flatMap(tallyFigures)),
    'examples without a vector': unembedded.reduce((sum, { size }) => sum + size, 0),
    'selected pseudo-labels': selected.length,
    'right of all pseudo-labels': right(rows),
    'right of the selected': right(selected),
    agreement: rows.filter((row) => row.agreed).length / unlabelled.length,
    threshold: selector.describe(threshold),
    'right of vanilla': vanilla!.size,
    'right of sft': sft!.size,
    'right of sft-steps': equalSteps.size,
    'right of semievol': semievol!.size,
    'SemiEvol alone right': without(semievol!, baseline),
    'SFT alone right': without(baseline, semievol!),
    'better SFT': isStepsBetter ? 1 : 0,
  };
}

const without = (some: Set<number>, others: Set<number>) =>
  [...some].filter((one) => !others.has(one)).length;
