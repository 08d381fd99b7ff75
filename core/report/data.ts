import type { BadReason, FileCounts, IngestReport } from '../ingestReport.ts';
import { type ColumnOf, type Section, tableOf } from './section.ts';

const WRONG: Record<BadReason, string> = {
  unreadable: 'not readable as a row',
  question: 'without a question',
  options: 'without usable options',
  answer: 'without a usable answer',
  conflict: 'with another answer than an earlier row',
};

/** Columns that are shown where a file has something in them. */
const RARE = (
  [
    ['not drawn', 'notDrawn'],
    ['unlabelled before', 'inUnlabelled'],
    ['withdrawn before', 'withdrawn'],
    ['in the place of others', 'superseding'],
    ['joined the test', 'grown'],
  ] as const
).map(([title, count]) => ({
  column: {
    title,
    kind: 'count',
    of: (file: FileCounts) => file[count] ?? null,
  } satisfies ColumnOf<FileCounts>,
  isOf: (file: FileCounts) => file[count] !== undefined,
}));

/** What became of the rows of each data file, and the first of those that could not be used. */
export function dataSection({
  files,
  problems,
  superseding = [],
  withdrawals = [],
}: IngestReport): Section {
  const counts = tableOf(files, [
    { title: 'file', kind: 'text', of: ({ file }) => file },
    { title: 'split', kind: 'text', of: ({ split }) => split },
    { title: 'rows', kind: 'count', of: ({ rows }) => rows },
    { title: 'kept', kind: 'count', of: ({ kept }) => kept },
    { title: 'repeated', kind: 'count', of: ({ repeated }) => repeated || null },
    { title: 'in test', kind: 'count', of: ({ inTest }) => inTest || null },
    { title: 'in labelled', kind: 'count', of: ({ inLabelled }) => inLabelled || null },
    { title: 'unusable', kind: 'count', of: (file) => unusable(file) || null },
    ...RARE.flatMap(({ column, isOf }) => (files.some(isOf) ? [column] : [])),
  ]);
  const limited = files.filter((file) => file.limited).map(({ file }) => file);
  const examples = tableOf(problems, [
    { title: 'unusable row', kind: 'text', of: ({ file, line }) => `${file}:${line}` },
    { title: 'why', kind: 'text', of: ({ problem }) => problem },
  ]);
  const replaced = tableOf(superseding, [
    { title: 'newer answer', kind: 'text', of: ({ file, line }) => `${file}:${line}` },
    {
      title: 'in the place of',
      kind: 'text',
      of: ({ split, ordinal }) => `${split} example ${ordinal}`,
    },
  ]);
  const withdrawn = tableOf(withdrawals, [
    { title: 'withdrawn', kind: 'text', of: ({ of }) => of },
    { title: 'rows', kind: 'count', of: ({ rows }) => rows },
    { title: 'not in the data', kind: 'count', of: ({ unknown }) => unknown || null },
  ]);
  return {
    title: 'Data',
    blocks: [
      counts,
      ...(limited.length > 0 ? [`Not read to the end (data.limits): ${limited.join(', ')}.`] : []),
      ...(problems.length > 0 ? [examples] : []),
      ...(superseding.length > 0 ? [replaced] : []),
      ...(withdrawals.length > 0 ? [withdrawn] : []),
    ],
  };
}

/** Rows of a file that could not be used, whatever is wrong with them. */
export function unusable({ bad }: FileCounts): number {
  return Object.values(bad).reduce((sum, rows) => sum + rows, 0);
}

/** What became of the rows of a data file, in a line for an error message. */
export function fileLine(file: FileCounts): string {
  const left = [
    [file.repeated, 'repeated'],
    [file.inTest, 'in the test split too'],
    [file.inLabelled, 'in the labelled split too'],
    [file.inUnlabelled, 'unlabelled before'],
    [file.withdrawn, 'withdrawn before'],
    [file.notDrawn, 'not drawn (data.draw)'],
    ...Object.entries(file.bad).map(([reason, count]) => [count, WRONG[reason as BadReason]]),
  ].flatMap(([count, what]) => (count ? [`, ${count} ${what}`] : []));
  const rows = `${file.rows} ${file.rows === 1 ? 'row' : 'rows'}`;
  const rest = file.limited ? '; the rest is not read (data.limits)' : '';
  return `${file.file} (${file.split}): ${rows}, ${file.kept} kept${left.join('')}${rest}`;
}
