import { driftFigures } from '../drift/driftFigures.ts';
import { estimateNote } from '../gate/gradedOn.ts';
import type { RoundReport } from '../roundReport.ts';
import type { RoundSummary } from '../status.ts';
import { type Section, tableOf } from './section.ts';

/** The few figures of a round that a run carries along. */
export function summaryOf(report: RoundReport): RoundSummary {
  const {
    round,
    metrics: [metric],
    estimate,
    sftBaseline,
    pseudoLabels,
    promoted,
    models,
  } = report;
  const { name, values } = metric!;
  const { base, sft, semievol } = values;
  return {
    round,
    metric: name,
    ...(estimate && { estimate }),
    values: { base: base.value, sft: sft[sftBaseline].value, semievol: semievol.value },
    selected: pseudoLabels.count,
    promoted,
    champion: models.champion,
    drift: driftFigures(report),
  };
}

/** The rounds of a run that ended last; none where none has. */
export function latestSections(latest: readonly RoundSummary[]): Section[] {
  if (latest.length === 0) return [];
  const rounds = tableOf(latest, [
    { title: 'round', kind: 'count', of: ({ round }) => round },
    { title: 'base', kind: 'share', of: ({ values }) => values.base },
    { title: 'SFT', kind: 'share', of: ({ values }) => values.sft },
    { title: 'SemiEvol', kind: 'share', of: ({ values }) => values.semievol },
    { title: 'selected', kind: 'count', of: ({ selected }) => selected },
    { title: 'champion', kind: 'text', of: ({ champion }) => champion },
    { title: '', kind: 'text', of: ({ promoted }) => (promoted ? 'promoted' : 'kept') },
  ]);
  const { metric, estimate } = latest[0]!;
  return [{ title: `Rounds, by ${metric}${estimateNote(estimate)}`, blocks: [rounds] }];
}
