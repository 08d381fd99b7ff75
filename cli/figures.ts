import pc from 'picocolors';
import { billLine, leftOutLines, selectionNotes, tallyCells } from '../core/report.ts';
import { printable } from '../core/text.ts';
import type { IngestReport, Proportion, RoundReport, Usage } from '../core/types.ts';
import { table } from './table.ts';

/** A round's figures as `--json` writes them: plain numbers first, the rest beside them. */
export function figures(report: RoundReport, leftOut?: IngestReport) {
  const { accuracy, pseudoLabels } = report;
  const interval = ({ low, high, correct, total }: Proportion) => ({ low, high, correct, total });
  return {
    run: report.run,
    round: report.round,
    task: report.task,
    model: report.model,
    seed: report.seed,
    examples: report.examples,
    leftOut,
    confidence: report.confidence,
    accuracy: {
      vanilla: accuracy.vanilla.value,
      sft: accuracy.sft.value,
      semievol: accuracy.semievol.value,
    },
    intervals: {
      vanilla: interval(accuracy.vanilla),
      sft: interval(accuracy.sft),
      semievol: interval(accuracy.semievol),
    },
    sftBaseline: report.sftBaseline,
    sftVariants: {
      epochs: report.sftVariants.epochs.value,
      steps: report.sftVariants.steps.value,
    },
    mcnemar: report.mcnemar,
    pseudoLabels: {
      all: pseudoLabels.all.value,
      selected: pseudoLabels.selected.value,
      count: pseudoLabels.count,
      agreement: pseudoLabels.agreement,
      threshold: pseudoLabels.threshold,
      rule: pseudoLabels.rule,
      entropyOf: pseudoLabels.entropyOf,
      classes: pseudoLabels.classes,
    },
    answers: report.answers,
    withoutVector: report.withoutVector,
    promoted: report.promoted,
    models: report.models,
    seconds: report.seconds,
    usage: report.usage,
    cost: report.bill.cost,
    unpriced: report.bill.unpriced,
  };
}

/** A round's figures as tables for the terminal. */
export function reportTables(report: RoundReport, leftOut?: IngestReport): string {
  const { labelled, unlabelled, test } = report.examples;
  const title = `${report.run}, round ${report.round}: ${report.task} with ${report.model}, ${labelled} labelled, ${unlabelled} unlabelled, ${test} test, seed ${report.seed}`;
  return [
    pc.bold(title),
    leftOut ? printable(leftOutLines(leftOut)) : '',
    accuracyTable(report),
    pseudoLabelTable(report),
    answerTable(report),
    costTable(report),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function accuracyTable(report: RoundReport) {
  const { accuracy, sftBaseline, sftVariants, mcnemar, promoted } = report;
  const other = sftBaseline === 'epochs' ? 'steps' : 'epochs';
  const sft = `SFT, equal ${sftBaseline} (equal ${other}: ${percent(sftVariants[other].value)})`;
  const rows: [string, Proportion][] = [
    ['vanilla', accuracy.vanilla],
    [sft, accuracy.sft],
    [pc.bold('SemiEvol'), accuracy.semievol],
  ];
  return [
    table(
      ['accuracy on the test split', '', intervalName(report), 'right'],
      rows.map(([name, value]) => [name, percent(value.value), interval(value), share(value)]),
      'right',
    ),
    `SemiEvol against SFT: right where SFT is wrong ${mcnemar.semievolOnly}, the other way round ${mcnemar.sftOnly}, McNemar's p = ${mcnemar.pValue.toPrecision(2)}; ${promoted ? 'promoted' : 'not promoted'}`,
  ].join('\n');
}

function pseudoLabelTable(report: RoundReport) {
  const { all, selected, count, agreement, rule } = report.pseudoLabels;
  return [
    table(
      ['pseudo-labels that are right', '', intervalName(report), 'right'],
      [
        ['all', percent(all.value), interval(all), share(all)],
        [
          `selected (${count}, rule ${rule})`,
          percent(selected.value),
          interval(selected),
          share(selected),
        ],
      ],
      'right',
    ),
    `all collaborators agreed on ${percent(agreement)}`,
    ...selectionNotes(report),
  ].join('\n');
}

function answerTable({ answers }: RoundReport) {
  return table(
    ['answers of', 'number', 'none found', 'cut off', 'no entropy', 'given up'],
    answers.map(tallyCells),
    'right',
  );
}

/** A row a phase, or for each of its models where it has several. */
function costTable(report: RoundReport) {
  const { usage } = report;
  const seconds: Record<string, number | undefined> = report.seconds;
  const names = new Set([...Object.keys(seconds), ...usage.map(({ phase }) => phase)]);
  const rows = [...names].flatMap((name) => {
    const time = seconds[name]?.toFixed(1) ?? '';
    const models = usage.filter(({ phase }) => phase === name);
    if (models.length < 2) return [[name, time, ...counts(models[0])]];
    return models.map((one, index) => [
      `${name}, ${printable(one.model)}`,
      index === 0 ? time : '',
      ...counts(one),
    ]);
  });
  return [
    table(
      ['phase', 'seconds', 'requests', 'prompt tokens', 'cached', 'answer', 'trained'],
      rows,
      'right',
    ),
    printable(billLine(report)),
  ].join('\n');
}

const counts = (use?: Usage) =>
  [
    use?.requests,
    use?.promptTokens,
    use?.cachedTokens,
    use?.completionTokens,
    use?.trainedTokens,
  ].map((count) => (count ? count.toLocaleString('en') : ''));

const percent = (value: number | null) =>
  value === null ? 'unknown' : `${(100 * value).toFixed(1)} %`;

const intervalName = ({ confidence }: RoundReport) => `${Math.round(100 * confidence)} % interval`;

const interval = ({ low, high }: Proportion) =>
  low === null || high === null ? '' : `${percent(low)} to ${percent(high)}`;

const share = ({ correct, total }: Proportion) => `${correct}/${total}`;
