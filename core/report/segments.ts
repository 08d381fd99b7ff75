import type { Segment } from '../living/arrival.ts';
import type { Split } from '../types.ts';
import { moment } from './format.ts';
import { type ColumnOf, type Section, tableOf } from './section.ts';

/** What came to a run while it went on, a row a segment; nothing where nothing did. */
export function segmentSections(segments: readonly Segment[]): Section[] {
  if (segments.length === 0) return [];
  const of = (split: Split): ColumnOf<Segment, 'count'> => ({
    title: split,
    kind: 'count',
    of: ({ added }) => added[split] || null,
  });
  const rows = tableOf(segments, [
    { title: 'segment', kind: 'count', of: ({ number }) => number },
    { title: 'came', kind: 'text', of: ({ at }) => moment(Date.parse(at)) },
    ...[of('labelled'), of('unlabelled'), of('test')],
    { title: 'struck out', kind: 'count', of: ({ removed }) => sum(removed) || null },
    { title: 'newer answers', kind: 'count', of: ({ report }) => newer(report) || null },
    { title: 'left out', kind: 'count', of: ({ report }) => leftOut(report) || null },
  ]);
  return [{ title: 'Data that came', blocks: [rows] }];
}

const sum = (numbers: Record<Split, number>) =>
  Object.values(numbers).reduce((total, number) => total + number, 0);

const leftOut = ({ files }: Segment['report']) =>
  files.reduce((total, { rows, kept }) => total + rows - kept, 0);

const newer = ({ files }: Segment['report']) =>
  files.reduce((total, { superseding = 0 }) => total + superseding, 0);
