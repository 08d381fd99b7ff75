import { estimateLines, gradedOn } from '../gate/gradedOn.ts';
import { COVERAGES } from '../grid/labels.ts';
import type { Interval, Spread } from '../grid/spread.ts';
import { type GridStatus, timeLeft } from '../grid/status.ts';
import type { GridRow, GridTable, LabelRow } from '../grid/table.ts';
import { csv } from './csv.ts';
import { count, duration, level, moment, money, NONE, percent } from './format.ts';
import { type Section, tableOf } from './section.ts';

/** What a grid has come to: a row for each cell, and what failed. */
export function gridSections(table: GridTable, failed: GridStatus['failed'] = []): Section[] {
  const { grid, metric, confidence, seeds, rows } = table;
  const [data, training] = [seeds.data.length, seeds.training.length];
  const estimate = rows.find((row) => row.estimate)?.estimate;
  const figures = tableOf(rows, [
    { title: 'cell', kind: 'text', of: ({ names }) => names.join(' = ') },
    {
      title: 'runs',
      kind: 'text',
      of: ({ runs, of }) => (runs === of ? `${of}` : `${runs}/${of}`),
    },
    { title: metric ?? 'metric', kind: 'share', of: ({ value }) => value?.mean ?? null },
    ...(estimate
      ? [
          {
            title: 'graded',
            kind: 'text' as const,
            of: ({ value, estimate }: GridRow) => value && gradedOn(estimate).by,
          },
        ]
      : []),
    { title: '± data', kind: 'text', of: ({ value }) => points(value?.sdData) },
    ...(training > 1
      ? [
          {
            title: '± training',
            kind: 'text' as const,
            of: ({ value }: GridRow) => points(value?.sdTraining),
          },
        ]
      : []),
    { title: 'less SFT', kind: 'text', of: ({ difference }) => signed(difference) },
    { title: 'labels right', kind: 'share', of: ({ labels }) => labels.all },
    { title: 'kept right', kind: 'share', of: ({ labels }) => labels.selected },
    { title: 'kept', kind: 'count', of: ({ kept }) => (kept === null ? null : Math.round(kept)) },
    { title: 'time', kind: 'seconds', of: ({ seconds }) => seconds },
    { title: 'requests', kind: 'count', of: ({ spent }) => spent.requests || null },
    {
      title: 'cost',
      kind: 'text',
      of: ({ spent }) => (spent.cost === null ? null : money(spent.cost)),
    },
  ]);
  const ofSeeds = `${data} data ${data === 1 ? 'seed' : 'seeds'}, ${training} training ${training === 1 ? 'seed' : 'seeds'} each`;
  return [
    {
      title: `Grid ${grid}`,
      blocks: [
        figures,
        `Means over ${ofSeeds}. ± data and ± training are standard deviations in points, between data seeds and between training seeds on the same data${training > 1 ? '' : '; with one training seed for each, ± data holds both'}. "less SFT" is the mean of the differences to the better SFT of the same run, in points, with its ${level(confidence)} interval over data seeds (t)${data > 1 ? '' : ', which takes two or more'}.`,
        ...estimateLines(estimate),
        'Time is the mean sum of the phases of a run. Requests and cost are what the runs of a cell have paid themselves: answers and models that a cell before has paid for are taken over, and cost nothing.',
      ],
    },
    ...labelSections(table),
    ...(failed.length > 0
      ? [
          {
            title: 'Failed',
            blocks: [
              tableOf(failed, [
                { title: 'run', kind: 'text', of: ({ run }) => run },
                { title: 'why', kind: 'text', of: ({ message }) => message },
              ]),
            ],
          },
        ]
      : []),
  ];
}

/** What labels are worth by each way and score, where the unlabelled examples have gold answers. */
function labelSections({ labels }: GridTable): Section[] {
  if (labels.length === 0) return [];
  const rows = tableOf(labels, [
    { title: 'labels of', kind: 'text', of: ({ cell }) => cell },
    { title: 'resolved by', kind: 'text', of: ({ way }) => way },
    { title: 'ranked by', kind: 'text', of: ({ score }) => score },
    {
      title: 'AUROC',
      kind: 'text',
      of: ({ auroc }) => (auroc === null ? null : auroc.toFixed(3)),
    },
    ...COVERAGES.map((coverage, index) => ({
      title: `right in ${100 * coverage} %`,
      kind: 'share' as const,
      of: ({ precision }: LabelRow) => precision[index]!,
    })),
    { title: '50 %, cap', kind: 'share', of: ({ balanced }) => balanced.cap },
    { title: '50 %, prior', kind: 'share', of: ({ balanced }) => balanced.prior },
  ]);
  return [
    {
      title: 'Labels',
      blocks: [
        rows,
        'Of stored answers, against the gold answers of the unlabelled examples, which no training sees: the share of right labels among the surest part of them, and among no more than the surest half where classes are evened out (cap) or have the shares of the labelled ones (prior). A cell whose labels are those of one above is left out.',
      ],
    },
  ];
}

/** The rows of a grid's table with their figures as they are: shares of 0 to 1, seconds, dollars. */
export function gridCsv({ metric = 'value', rows }: GridTable): string {
  const columns: [title: string, of: (row: GridRow) => string | number | null][] = [
    ['cell', ({ names }) => names.join(' = ')],
    ['runs', ({ runs }) => runs],
    ['of', ({ of }) => of],
    [metric, ({ value }) => value?.mean ?? null],
    ['estimate', ({ value, estimate = 'test' }) => value && estimate],
    ['sd_data', ({ value }) => value?.sdData ?? null],
    ['sd_training', ({ value }) => value?.sdTraining ?? null],
    ['less_sft', ({ difference }) => difference?.mean ?? null],
    ['less_sft_low', ({ difference }) => difference?.low ?? null],
    ['less_sft_high', ({ difference }) => difference?.high ?? null],
    ['labels_right', ({ labels }) => labels.all],
    ['kept_right', ({ labels }) => labels.selected],
    ['kept', ({ kept }) => kept],
    ['seconds', ({ seconds }) => seconds],
    ['requests', ({ spent }) => spent.requests],
    ['prompt_tokens', ({ spent }) => spent.promptTokens],
    ['completion_tokens', ({ spent }) => spent.completionTokens],
    ['trained_tokens', ({ spent }) => spent.trainedTokens],
    ['cost', ({ spent }) => spent.cost],
  ];
  return csv([
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, of]) => of(row))),
  ]);
}

/** A grid under way. @param now epoch milliseconds */
export function gridProgress(status: GridStatus, now: number): Section {
  const { grid, running, failed } = status;
  return {
    title: `Grid ${grid}: ${gridLine(status)}`,
    blocks: [
      ...running.map((run) => `▶ ${run}`),
      ...failed.map(({ run, message }) => `✘ ${run}: ${message}`),
      `As of ${moment(now)}.`,
    ],
  };
}

/** How far a grid has come, in a line. */
export function gridLine(status: GridStatus): string {
  const { done, total, failed, running, paused } = status;
  const left = running.length > 0 && !paused ? timeLeft(status) : undefined;
  return [
    `${count(done)} of ${count(total)} runs done`,
    ...(failed.length > 0 ? [`${count(failed.length)} failed`] : []),
    ...(paused ? ['paused'] : []),
    ...(left === undefined ? [] : [`about ${duration(left / 1_000)} left`]),
  ].join(', ');
}

const points = (sd: Spread['sdData'] | undefined): string =>
  sd === null || sd === undefined ? NONE : (100 * sd).toFixed(1);

/** A difference of shares in points: `+3.2 (1.1 to 5.3)`. */
function signed(difference: Interval | null): string {
  if (!difference) return NONE;
  const one = (value: number) =>
    `${value >= 0 ? '+' : '−'}${percent(Math.abs(value)).slice(0, -2)}`;
  const { mean, low, high } = difference;
  return low === null || high === null ? one(mean) : `${one(mean)} (${one(low)} to ${one(high)})`;
}
