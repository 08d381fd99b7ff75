import type { ClassDistance } from '../drift/classDistance.ts';
import { estimateLines, gradedOn } from '../gate/gradedOn.ts';
import { WAYS } from '../resolution.ts';
import type { MetricReport, RoundReport } from '../roundReport.ts';
import type { Comparison, Estimate } from '../statistics.ts';
import type { AnswerTally } from '../tally.ts';
import { type ModelUsage, type Usage, usageOf } from '../usage.ts';
import { auditSections } from './audit.ts';
import { count, level, money, percent } from './format.ts';
import { championLine, gateSections, groupSections, NAMES } from './gate.ts';
import { type ColumnOf, type Section, type Table, tableOf } from './section.ts';
import { trustSections } from './trust.ts';

/** All that is known of a round that has ended: one section for what it is, one for each question. */
export function roundSections(report: RoundReport): Section[] {
  return [
    {
      title: `${report.run}, round ${report.round}`,
      blocks: [
        `${report.task} with ${report.model}, ${examplesOf(report)}, seed ${report.seed}.`,
        championLine(report),
      ],
    },
    ...report.metrics.map((metric) => metricSection(metric, report)),
    ...groupSections(report),
    ...gateSections(report),
    resolutionSection(report),
    pseudoLabelSection(report),
    ...trustSections(report),
    ...auditSections(report),
    ...judgeSections(report),
    answerSection(report),
    timeSection(report),
    costSection(report),
  ];
}

function examplesOf({ examples }: RoundReport): string {
  const { labelled, unlabelled, test } = examples;
  return `${count(labelled)} labelled, ${count(unlabelled)} unlabelled and ${count(test)} test examples`;
}

export function metricSection(
  { name, values, comparison }: MetricReport,
  report: RoundReport,
): Section {
  const { base, champion, sft, semievol } = values;
  return {
    title: `${name[0]!.toUpperCase()}${name.slice(1)} ${gradedOn(report.estimate).by}`,
    blocks: [
      estimates('model', name, report.confidence, [
        [NAMES.vanilla, base],
        ...(champion ? [[NAMES.champion, champion] as [string, Estimate]] : []),
        [NAMES.sft, sft.epochs],
        [NAMES['sft-steps'], sft.steps],
        [NAMES.semievol, semievol],
      ]),
      comparisonLine(comparison, report),
      ...estimateLines(report.estimate),
    ],
  };
}

function comparisonLine(comparison: Comparison, { sftBaseline, estimate }: RoundReport): string {
  const sft = `SFT (equal ${sftBaseline}, the better one)`;
  const p = `p = ${comparison.pValue.toPrecision(2)}`;
  return comparison.test === 'mcnemar'
    ? `SemiEvol alone was right on ${count(comparison.firstOnly)} ${gradedOn(estimate).examples}, ${sft} alone on ${count(comparison.secondOnly)}: ${p} by McNemar's exact test.`
    : `Between SemiEvol and ${sft}: ${p} by a paired bootstrap of ${count(comparison.resamples)} resamples.`;
}

function resolutionSection({ resolution, metrics, confidence }: RoundReport): Section {
  const { way, compared, reason } = resolution;
  const blocks = compared
    ? [
        estimates(
          'way',
          titleOf(metrics[0]!),
          confidence,
          WAYS.map((one) => [one, compared.values[one]]),
        ),
        `By ${way}, the best of the three on ${count(compared.rows)} labelled examples, each answered by models that had not seen it. The collaborators disagreed on ${count(compared.disagreed)} of them.`,
      ]
    : [`By ${way}: ${reason}.`];
  return { title: 'How disagreement was resolved', blocks };
}

/** What a value of the metric is, as a title. */
const titleOf = ({ name, comparison }: MetricReport): string =>
  comparison.test === 'mcnemar' ? 'right' : name;

function pseudoLabelSection(report: RoundReport): Section {
  const { all, selected, agreement } = report.pseudoLabels;
  return {
    title: 'Pseudo-labels',
    blocks: [
      estimates('pseudo-labels', titleOf(report.metrics[0]!), report.confidence, [
        ['all', all],
        ['selected', selected],
      ]),
      `All collaborators agreed on ${percent(agreement)}. ${stepsLine(report)}`,
      ...classTable(report),
      ...selectionNotes(report),
    ],
  };
}

/** How the selected came out of the pseudo-labels, in sentences. */
function stepsLine({ pseudoLabels, examples }: RoundReport): string {
  const { rule, steps, count: selected } = pseudoLabels;
  const { asked, kept, nearDuplicates, by, short, rows } = steps;
  const isWhole = by === 'rule' && kept === selected;
  const evenedOut = by === 'rule' ? kept - nearDuplicates - selected : 0;
  return [
    asked < examples.unlabelled &&
      `Only the first ${count(asked)} unlabelled examples were asked about (selection.candidates).`,
    `Rule ${rule} ${isWhole ? 'selected' : 'kept'} ${count(kept)} pseudo-labels.`,
    by === 'atLeast' && `It was loosened to the next surest (selection.atLeast).`,
    by === 'exactly' && 'Selected are the surest, whatever it kept (selection.exactly).',
    nearDuplicates > 0 && `Left out are ${count(nearDuplicates)} near duplicates of surer ones.`,
    evenedOut > 0 && `Left out are ${count(evenedOut)} for selection.balance or atMost.`,
    !isWhole && `Selected are ${count(selected)}.`,
    short > 0 &&
      `That is ${count(short)} fewer than selection.atLeast wants: there are no others to select.`,
    rows > selected &&
      `They stand in ${count(rows)} rows of the training file, the surest more often.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** The classes among labelled examples, and among what was kept and selected. */
function classTable({ examples, pseudoLabels }: RoundReport): Table[] {
  const { classes, count: selected } = pseudoLabels;
  if (classes.counts.length === 0) return [];
  return [
    tableOf(classes.counts, [
      { title: 'class', kind: 'text', of: ({ label }) => label },
      { title: 'labelled', kind: 'count', of: (one) => one.labelled },
      { title: 'share', kind: 'share', of: (one) => one.labelled / examples.labelled },
      { title: 'pseudo-labels', kind: 'count', of: (one) => one.given },
      { title: 'kept by the rule', kind: 'count', of: (one) => one.kept },
      { title: 'selected', kind: 'count', of: (one) => one.selected },
      { title: 'share', kind: 'share', of: (one) => one.selected / selected },
    ]),
  ];
}

/** Classes of which far fewer or more are selected than the labelled examples let expect. */
function lopsidedNote({ examples, pseudoLabels }: RoundReport): string[] {
  const { classes, count: selected, steps } = pseudoLabels;
  if (steps.balance === 'shares') return []; // as it was wanted
  const odd = classes.counts.flatMap((one) => {
    const expected = (one.labelled / examples.labelled) * selected;
    const isOdd = 2 * one.selected < expected || one.selected > 2 * expected;
    return isOdd && Math.max(expected, one.selected) >= TELLING ? [{ ...one, expected }] : [];
  });
  if (odd.length === 0) return [];
  const each = odd.map(
    (one) => `${count(one.selected)} of ${one.label} instead of ${count(Math.round(one.expected))}`,
  );
  const remedy = steps.balance === 'none' ? ' selection.perClass and balance even it out.' : '';
  return [`Lopsided, by the shares of the labelled examples: ${each.join(', ')}.${remedy}`];
}

const distanceLine = ({ distance, byChance }: ClassDistance) =>
  `The classes of the selected lie ${percent(distance)} from those of the labelled examples (total variation); by chance it is up to ${percent(byChance)}.`;

/** Fewer of a class than this may be many or few by chance. */
const TELLING = 5;

function estimates(
  of: string,
  title: string,
  confidence: number,
  rows: [string, Estimate][],
): Table {
  return tableOf(rows, [
    { title: of, kind: 'text', of: ([name]) => name },
    {
      title: `${title} (${level(confidence)} interval)`,
      kind: 'estimate',
      of: ([, value]) => value,
    },
  ]);
}

/**
 * What is odd about a selection: where its entropies come from, which classes are missing, and what
 * had no neighbours.
 */
function selectionNotes(report: RoundReport): string[] {
  const { pseudoLabels, withoutVector, judge } = report;
  const { entropyOf, classes, withoutScore } = pseudoLabels;
  const { known, selected, missing } = classes;
  const unnamed = (known ?? 0) - selected - missing.length;
  return [
    ...(judge
      ? [
          'Pseudo-labels are not graded: the judge is asked about the examples that grade models only.',
        ]
      : []),
    ...(entropyOf === 'votes'
      ? ['No answer carries log-probabilities: the entropy of votes was taken.']
      : []),
    ...(withoutScore > 0
      ? [
          `${count(withoutScore)} pseudo-labels have no score, since no answer behind them carries log-probabilities: selection.score may be votes or probability, which need none.`,
        ]
      : []),
    ...(missing.length > 0
      ? [
          `Nothing is selected of ${missing.join(', ')}${unnamed > 0 ? ` and ${unnamed} more` : ''} (${selected} of ${known} classes).`,
        ]
      : []),
    ...lopsidedNote(report),
    ...(classes.distance ? [distanceLine(classes.distance)] : []),
    ...(withoutVector > 0
      ? [
          `The embedding model would not take ${count(withoutVector)} examples: they have no neighbours, and no near duplicates, by vector.`,
        ]
      : []),
  ];
}

/** How far the judge can be trusted, where there is one. */
function judgeSections({ judge }: RoundReport): Section[] {
  if (!judge) return [];
  const { model, endpoint, gold, others, isPartial } = judge;
  const share = ({ got, of }: Estimate) => `${count(got)} of ${count(of)}`;
  const lines = [
    `${model} at ${endpoint} graded the answers. On labelled examples it took the gold answer for right in ${share(gold)}, and the gold answer of another example for wrong in ${share(others)}.`,
    ...(isPartial
      ? [
          'It is one of the models that it graded, or the one that they are tuned from: it may favour itself.',
        ]
      : []),
  ];
  return [{ title: 'Judge', blocks: [lines.join(' ')] }];
}

/** Whose answers, how many, and the shares of them that are wanting. */
function answerSection({ answers }: RoundReport): Section {
  const share = (
    title: string,
    wanting: (tally: AnswerTally) => number,
  ): ColumnOf<AnswerTally> => ({
    title,
    kind: 'share',
    of: (tally) => (wanting(tally) > 0 ? wanting(tally) / tally.answers : null),
  });
  return {
    title: 'Answers',
    blocks: [
      tableOf(answers, [
        {
          title: 'answers of',
          kind: 'text',
          of: whoseAnswers,
        },
        { title: 'number', kind: 'count', of: (tally) => tally.answers },
        share('none found', ({ unread }) => unread),
        share('cut off', ({ cut }) => cut),
        share('no entropy', ({ withoutEntropy }) => withoutEntropy),
        share('given up', ({ givenUp }) => givenUp),
        {
          title: 'away',
          kind: 'share',
          of: ({ answers, away }) => (away > 0 ? away / (answers + away) : null),
        },
      ]),
      ...answers.flatMap(awayNote),
    ],
  };
}

function whoseAnswers({ stage, collaborator }: AnswerTally): string {
  if (stage === 'collaborate') return collaborator;
  const isOfLabelled = stage === 'cross-fit' || stage === 'held-out';
  return isOfLabelled ? `${stage}, ${collaborator}` : stage;
}

function awayNote(tally: AnswerTally): string[] {
  const { answers, away } = tally;
  if (away === 0) return [];
  return [
    `${whoseAnswers(tally)} was away for too long for ${count(away)} of ${count(answers + away)} answers: the other collaborators went on without it.`,
  ];
}

/** How long each phase took. Phases may overlap, so that there is no sum. */
function timeSection({ seconds }: RoundReport): Section {
  const phases = tableOf(Object.entries(seconds), [
    { title: 'phase', kind: 'text', of: ([phase]) => phase },
    { title: 'time', kind: 'seconds', of: ([, value]) => value },
  ]);
  return { title: 'Time', blocks: [phases] };
}

interface Use {
  name: string;
  used: Usage;
  /** US dollars; null where nothing has a price. */
  cost: number | null;
}

/** Requests and tokens: a row for each use, and for each model and endpoint of one that has several. */
function costSection(report: RoundReport): Section {
  const { usage, bill } = report;
  const differ = (phase: string, by: (used: ModelUsage) => string) =>
    new Set(usage.filter((one) => one.phase === phase).map(by)).size > 1;
  const modelOf = ({ phase, endpoint, model }: ModelUsage) => {
    if (differ(phase, (one) => one.endpoint)) return `, ${model} at ${endpoint}`;
    return differ(phase, (one) => one.model) ? `, ${model}` : '';
  };
  const nameOf = (used: ModelUsage) =>
    `${used.phase}${modelOf(used)}${used.transport === 'batch' ? ', in batches' : ''}`;
  const uses: Use[] = usage.map((used) => ({ name: nameOf(used), used, cost: used.cost }));
  const amount = (title: string, kind: keyof Usage): ColumnOf<Use> => ({
    title,
    kind: 'count',
    of: ({ used }) => used[kind] || null,
  });
  const table = tableOf(
    [...uses, { name: 'all', used: usageOf(usage), cost: bill.cost }],
    [
      { title: 'used for', kind: 'text', of: ({ name }) => name },
      amount('requests', 'requests'),
      amount('prompt tokens', 'promptTokens'),
      amount('cached', 'cachedTokens'),
      amount('answer', 'completionTokens'),
      amount('trained', 'trainedTokens'),
      {
        title: 'deployed',
        kind: 'seconds',
        of: ({ used }) => used.deployedSeconds || null,
      },
      { title: 'cost', kind: 'money', of: ({ cost }) => cost ?? null },
    ],
  );
  return { title: 'Cost', blocks: [table, billLine(report)] };
}

/** What a round cost, with what is not in the sum: models without a price, requests without usage. */
export function billLine({ bill, usage }: Pick<RoundReport, 'bill' | 'usage'>): string {
  const { cost, unpriced, asOf } = bill;
  const { unmetered } = usageOf(usage);
  const models = unpriced.map(
    ({ endpoint, model, tokens }) => `${model} at ${endpoint} (${tokens.join(', ')})`,
  );
  return [
    cost === null
      ? 'Cost: unknown.'
      : `Cost: ${money(cost)}${asOf === undefined ? '' : `, by prices of ${asOf} and later`}.`,
    models.length > 0 &&
      `Unpriced: ${models.join('; ')}; prices in temporal.config.ts would count them.`,
    unmetered > 0 &&
      `${count(unmetered)} requests came back without usage; their tokens are not counted.`,
  ]
    .filter(Boolean)
    .join(' ');
}
