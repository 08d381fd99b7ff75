import pc from 'picocolors';
import { oneLine } from '../core/report/format.ts';
import { alignments, type Section, type Table, textRows } from '../core/report/section.ts';
import { table } from './table.ts';

/** Sections for the terminal, which obeys nothing that stands in them. */
export function terminal(sections: readonly Section[]): string {
  return sections
    .map(({ title, blocks }) =>
      [
        pc.bold(oneLine(title)),
        ...blocks.map((block) => (typeof block === 'string' ? oneLine(block) : drawn(block))),
      ].join('\n'),
    )
    .join('\n\n');
}

function drawn(of: Table): string {
  const titles = of.columns.map(({ title }) => oneLine(title));
  return table(titles, textRows(of), alignments(of));
}
