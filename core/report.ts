import type { Proportion, RoundReport } from './types.ts';

const percent = (value: number | null) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
const withInterval = ({ value, low, high, correct, total }: Proportion) =>
  `${percent(value)} | ${percent(low)} to ${percent(high)} | ${correct}/${total}`;

/** A round's figures as Markdown, for people. */
export function markdownReport(report: RoundReport): string {
  const { accuracy, pseudoLabels, mcnemar } = report;
  const tokens = Object.values(report.tokens);
  const sum = (key: 'promptTokens' | 'completionTokens' | 'trainedTokens') =>
    tokens.reduce((total, usage) => total + usage[key], 0);
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
    `SemiEvol alone was right on ${mcnemar.semievolOnly} test examples, SFT alone on ${mcnemar.sftOnly} (McNemar's exact test: p = ${mcnemar.pValue.toPrecision(3)}).`,
    `The champion is ${report.promoted ? 'the new model' : 'still the base model'}, ${report.models.champion}.`,
    `Tokens: ${sum('promptTokens')} prompt, ${sum('completionTokens')} completion, ${sum('trainedTokens')} trained${report.cost === null ? '' : `; ${report.cost.toFixed(2)} US dollars`}.`,
    '',
  ].join('\n');
}
