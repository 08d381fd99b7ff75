import type { AnswerTally, IngestReport, Proportion, RoundReport, RoundSummary } from './types.ts';
import { usageOf } from './usage.ts';

const percent = (value: number | null) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
const withInterval = ({ value, low, high, correct, total }: Proportion) =>
  `${percent(value)} | ${percent(low)} to ${percent(high)} | ${correct}/${total}`;

/** What cleaning left out, in a line and one more for each bad row that is listed; '' if nothing. */
export function leftOutLines({
  duplicates,
  contamination,
  badRows,
  problems,
}: IngestReport): string {
  const sum = (counts: object) =>
    Object.values(counts).reduce((total: number, count: number) => total + count, 0);
  const parts = [
    [sum(duplicates), 'repeated'],
    [sum(contamination), 'found in another split too'],
    [sum(badRows), 'unusable'],
  ].flatMap(([count, what]) => (count ? [`${count} ${what}`] : []));
  if (parts.length === 0) return '';
  const rows = problems.map(({ file, line, problem }) => `  ${file}:${line}: ${problem}`);
  return [`Left out of the data: ${parts.join(', ')}.`, ...rows].join('\n');
}

/** The few figures of a round that a run carries along. */
export function summaryOf({
  round,
  accuracy: { vanilla, sft, semievol },
  pseudoLabels,
  promoted,
  models,
}: RoundReport): RoundSummary {
  return {
    round,
    accuracy: { vanilla: vanilla.value, sft: sft.value, semievol: semievol.value },
    selected: pseudoLabels.count,
    promoted,
    champion: models.champion,
  };
}

/**
 * What is odd about a selection: where its entropies come from, which classes are missing, and what
 * had no neighbours.
 */
export function selectionNotes({
  pseudoLabels,
  withoutVector,
}: Pick<RoundReport, 'pseudoLabels' | 'withoutVector'>): string[] {
  const { entropyOf, classes } = pseudoLabels;
  const { known, selected, missing } = classes;
  const unnamed = (known ?? 0) - selected - missing.length;
  return [
    ...(entropyOf === 'votes'
      ? ['No answer carries log-probabilities: the entropy of votes was taken.']
      : []),
    ...(missing.length > 0
      ? [
          `Nothing is selected of ${missing.join(', ')}${unnamed > 0 ? ` and ${unnamed} more` : ''} (${selected} of ${known} classes).`,
        ]
      : []),
    ...(withoutVector > 0
      ? [`The embedding model would not take ${withoutVector} examples: they have no neighbours.`]
      : []),
  ];
}

/** Whose answers, how many, and the shares of them that are wanting; '' for none. */
export function tallyCells(tally: AnswerTally): string[] {
  const { stage, collaborator, answers } = tally;
  const share = (count: number) => (count > 0 ? percent(count / answers) : '');
  return [
    stage === 'collaborate' ? collaborator : stage,
    `${answers}`,
    share(tally.unread),
    share(tally.cut),
    share(tally.withoutEntropy),
    share(tally.givenUp),
  ];
}

/** What a round cost, with what is not in the sum: models without a price, requests without usage. */
export function billLine({ bill, usage }: Pick<RoundReport, 'bill' | 'usage'>): string {
  const { cost, unpriced } = bill;
  const { unmetered } = usageOf(usage);
  const models = unpriced.map(
    ({ endpoint, model, tokens }) => `${model} at ${endpoint} (${tokens.join(', ')})`,
  );
  return [
    cost === null ? 'Cost: unknown.' : `Cost: ${cost.toFixed(2)} US dollars.`,
    models.length > 0 &&
      `Unpriced: ${models.join('; ')}; prices in temporal.config.ts would count them.`,
    unmetered > 0 && `${unmetered} requests came back without usage; their tokens are not counted.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** The rounds that ended last as Markdown, for people; '' for none. */
export function markdownSummary(latest: readonly RoundSummary[]): string {
  if (latest.length === 0) return '';
  return [
    '| round | base | SFT | SemiEvol | selected | champion |',
    '|---|---|---|---|---|---|',
    ...latest.map(({ round, accuracy: { vanilla, sft, semievol }, selected, champion }) =>
      [
        `| ${round}`,
        percent(vanilla),
        percent(sft),
        percent(semievol),
        selected,
        `${champion} |`,
      ].join(' | '),
    ),
    '',
  ].join('\n');
}

/** A round's figures as Markdown, for people. */
export function markdownReport(report: RoundReport): string {
  const { accuracy, pseudoLabels, mcnemar } = report;
  const { promptTokens, completionTokens, trainedTokens } = usageOf(report.usage);
  return [
    `## ${report.run}, round ${report.round}`,
    '',
    '| model | accuracy | interval | right |',
    '|---|---|---|---|',
    `| base | ${withInterval(accuracy.vanilla)} |`,
    `| SFT (equal ${report.sftBaseline}) | ${withInterval(accuracy.sft)} |`,
    `| SemiEvol | ${withInterval(accuracy.semievol)} |`,
    '',
    '| pseudo-labels | accuracy | interval | right |',
    '|---|---|---|---|',
    `| all | ${withInterval(pseudoLabels.all)} |`,
    `| selected (${pseudoLabels.count}) | ${withInterval(pseudoLabels.selected)} |`,
    '',
    `Agreement ${percent(pseudoLabels.agreement)}; rule ${pseudoLabels.rule}, threshold ${pseudoLabels.threshold?.toFixed(4) ?? 'none'}.`,
    ...selectionNotes(report),
    '',
    '| answers of | number | none found | cut off | no entropy | given up |',
    '|---|---|---|---|---|---|',
    ...report.answers.map((one) => `| ${tallyCells(one).join(' | ')} |`),
    '',
    `SemiEvol alone was right on ${mcnemar.semievolOnly} test examples, SFT alone on ${mcnemar.sftOnly} (McNemar's exact test: p = ${mcnemar.pValue.toPrecision(3)}).`,
    `The champion is ${report.promoted ? 'the new model' : 'still the base model'}, ${report.models.champion}.`,
    `Tokens: ${promptTokens} prompt, ${completionTokens} completion, ${trainedTokens} trained. ${billLine(report)}`,
    '',
  ].join('\n');
}
