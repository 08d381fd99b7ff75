import type { Answer } from '../../core/answer.ts';
import { isAway, isGivenUp } from '../../core/answer.ts';
import type { Equality, PseudoLabel } from '../../core/consensus.ts';
import { builtIn } from '../../core/registry.ts';
import type { Way } from '../../core/resolution.ts';
import type { MetricReport, RoundReport } from '../../core/roundReport.ts';
import { RankedScores } from '../../core/selection/rankedScores.ts';
import type { RunSpec } from '../../core/spec.ts';
import type { AnswerTally } from '../../core/tally.ts';
import type { Metric, Part } from '../../core/tasks/task.ts';
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
    const counted = await recount(store, dataset, spec, report);
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
  const { answers, metrics, pseudoLabels } = report;
  return {
    ...Object.fromEntries(answers.flatMap(tallyFigures)),
    'pseudo-labels that answers do not bear out': 0,
    'selected against the rule, or left out': 0,
    'examples without a vector': report.withoutVector,
    'selected pseudo-labels': pseudoLabels.count,
    'got by all pseudo-labels': pseudoLabels.all.got,
    'got by the selected': pseudoLabels.selected.got,
    agreement: pseudoLabels.agreement,
    threshold: pseudoLabels.rule,
    ...Object.fromEntries(metrics.flatMap(metricFigures)),
    'better SFT': report.sftBaseline === 'steps' ? 1 : 0,
  };
}

/** What each model got by a metric, and how many examples only one of two did right. */
const metricFigures = ({ name, values, comparison }: MetricReport): [string, number][] => [
  ...Object.entries({
    vanilla: values.base,
    ...(values.champion && { champion: values.champion }),
    sft: values.sft.epochs,
    'sft-steps': values.sft.steps,
    semievol: values.semievol,
  }).flatMap(([role, { got, of }]): [string, number][] => [
    [`${name}, got of ${role}`, got],
    [`${name}, of of ${role}`, of],
  ]),
  ...(comparison.test === 'mcnemar'
    ? ([
        [`${name}, SemiEvol alone right`, comparison.firstOnly],
        [`${name}, SFT alone right`, comparison.secondOnly],
      ] as [string, number][])
    : []),
];

type Counts = Omit<AnswerTally, 'givenUp'>;

/** What became of the answers of one kind. */
const tallyFigures = ({ stage, collaborator, ...counts }: Counts): [string, number][] =>
  (['answers', 'unread', 'cut', 'withoutEntropy', 'away'] as const).map((name) => [
    `${name} of ${stage} ${collaborator}`,
    counts[name],
  ]);

/** The same of answers themselves, all of one kind. */
function tallyOf(all: Answer[]): Counts {
  const { stage, collaborator } = all[0]!;
  const answers = all.filter((answer) => !isAway(answer));
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
    away: all.length - answers.length,
  };
}

async function recount(
  store: Store,
  dataset: string,
  spec: RunSpec,
  { round, resolution }: RoundReport,
): Promise<Figures> {
  const data = store.dataset(dataset);
  const run = await store.run(spec.name, dataset);
  const task = builtIn.task(spec.task);

  const unlabelled = await data.range('unlabelled', everything);
  const rows = await run.pseudoLabels(round, everything);
  const selector = builtIn.selector(spec.selection);
  const ranked = new RankedScores(rows.length);
  for (const row of rows) {
    const score = selector.ranked(row);
    if (score) ranked.add(score);
  }
  const threshold = selector.threshold(ranked);
  const stored = new Set<number>();
  for await (const batch of run.scanSelected(round))
    for (const { ordinal } of batch) stored.add(ordinal);
  const selected = rows.filter(({ ordinal }) => stored.has(ordinal));
  const got = (some: typeof rows) =>
    some.reduce((sum, row) => sum + task.grade(row.label, unlabelled[row.ordinal]!)[0]!.got, 0);

  const unembedded = await Promise.all(
    (['labelled', 'unlabelled'] as const).map((split) =>
      data.withoutVector(spec.embedding.name, split, everything),
    ),
  );
  const answers = await answersOf(store, spec, dataset, round);
  const about = Map.groupBy(
    answers.filter((answer) => answer.split === 'unlabelled' && !isAway(answer)),
    ({ ordinal }) => ordinal,
  );
  const isBorneOut = ({ ordinal, label }: PseudoLabel) =>
    follows(label, about.get(ordinal) ?? [], { way: resolution.way, equal: task.equal });
  const kinds = Map.groupBy(answers, ({ stage, collaborator }) => `${stage} ${collaborator}`);
  const test = await data.range('test', everything);
  const isAsked = answers.some(({ stage }) => stage === 'evaluate-sft-steps');
  /** By ordinal, what a model got by each metric. */
  const gradesOf = (role: ModelRole) => {
    const stage = `evaluate-${role === 'sft-steps' && !isAsked ? 'sft' : role}`;
    const own = answers.filter((answer) => answer.stage === stage);
    const parsedOf = new Map(own.map(({ ordinal, parsed }) => [ordinal, parsed]));
    return test.map((example) => task.grade(parsedOf.get(example.ordinal) ?? null, example));
  };
  const asksChampion = answers.some(({ stage }) => stage === 'evaluate-champion');
  const roles = MODEL_ROLES.filter((role) => role !== 'champion' || asksChampion);
  const grades = Object.fromEntries(roles.map((role) => [role, gradesOf(role)]));
  const sum = (role: ModelRole, metric: number, of: keyof Part) =>
    grades[role]!.reduce((total, parts) => total + parts[metric]![of], 0);
  const share = (role: ModelRole) => sum(role, 0, 'got') / sum(role, 0, 'of');
  const isStepsBetter = share('sft-steps') > share('sft');
  const sft = isStepsBetter ? 'sft-steps' : 'sft';
  const alone = (role: ModelRole, other: ModelRole, metric: number) =>
    grades[role]!.filter((parts, at) => parts[metric]!.got > grades[other]![at]![metric]!.got)
      .length;
  const figuresOfMetric = ({ name, test: by }: Metric, metric: number): Figures => ({
    ...Object.fromEntries(
      roles.flatMap((role) => [
        [`${name}, got of ${role}`, sum(role, metric, 'got')],
        [`${name}, of of ${role}`, sum(role, metric, 'of')],
      ]),
    ),
    ...(by === 'mcnemar' && {
      [`${name}, SemiEvol alone right`]: alone('semievol', sft, metric),
      [`${name}, SFT alone right`]: alone(sft, 'semievol', metric),
    }),
  });
  return {
    ...Object.fromEntries([...kinds.values()].map(tallyOf).flatMap(tallyFigures)),
    'pseudo-labels that answers do not bear out': rows.filter((row) => !isBorneOut(row)).length,
    'examples without a vector': unembedded.reduce((sum, { size }) => sum + size, 0),
    'selected pseudo-labels': selected.length,
    'selected against the rule, or left out': rows.filter(
      (row) => selector.keeps(row, threshold) !== stored.has(row.ordinal),
    ).length,
    'got by all pseudo-labels': got(rows),
    'got by the selected': got(selected),
    agreement: rows.filter((row) => row.agreed).length / unlabelled.length,
    threshold: selector.describe(threshold),
    ...Object.assign({}, ...task.metrics.map(figuresOfMetric)),
    'better SFT': isStepsBetter ? 1 : 0,
  };
}

/** Whether a label follows from the answers to its example, in the way that the round took. */
function follows(
  label: string | null,
  answers: readonly Answer[],
  { way, equal }: { way: Way; equal: Equality },
): boolean {
  const given = answers.filter(({ stage, parsed }) => stage === 'collaborate' && parsed !== null);
  if (label === null) return given.length === 0;
  const usual = given.flatMap(({ probability }) => probability ?? []);
  const mean = usual.length > 0 ? usual.reduce((sum, one) => sum + one) / usual.length : 1;
  const weight = ({ probability }: Answer) => (way === 'probability' ? (probability ?? mean) : 1);
  const behind = (answer: string) =>
    given.reduce((sum, one) => sum + (equal(one.parsed!, answer) ? weight(one) : 0), 0);
  const justified = answers.find(({ stage }) => stage === 'justify')?.parsed ?? null;
  if (way === 'justify' && justified !== null && behind(justified) > 0)
    return equal(label, justified);
  return given.every(({ parsed }) => behind(parsed!) <= behind(label) + 1e-9);
}
