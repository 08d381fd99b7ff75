import Table from 'cli-table3';
import pc from 'picocolors';

/** A table for the terminal; `align` is how all columns but the first are aligned. */
export function table(head: string[], rows: string[][], align: 'left' | 'right' = 'left'): string {
  const drawn = new Table({
    head: head.map((name) => pc.bold(name)),
    colAligns: head.map((_, index) => (index === 0 ? 'left' : align)),
    style: { head: [], border: [] },
    // No lines between the rows.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  drawn.push(...rows);
  return drawn.toString();
}
