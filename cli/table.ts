import Table from 'cli-table3';
import pc from 'picocolors';

type Alignment = 'left' | 'right';

/** A table for the terminal; without `alignments` a column of names, then columns of numbers. */
export function table(
  head: string[],
  rows: string[][],
  alignments: Alignment[] = head.map((_, index) => (index === 0 ? 'left' : 'right')),
): string {
  const drawn = new Table({
    head: head.map((name) => pc.bold(name)),
    colAligns: alignments,
    style: { head: [], border: [] },
    // No lines between the rows.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  drawn.push(...rows);
  return drawn.toString();
}
