import type { BadReason, FileCounts } from './types.ts';

const wrong: Record<BadReason, string> = {
  unreadable: 'not readable as a row',
  question: 'without a question',
  options: 'without usable options',
  answer: 'without a usable answer',
  conflict: 'with another answer than an earlier row',
};

/** What became of the rows of each file, a line a file: the numbers add up. */
export function fileLines(files: readonly FileCounts[]): string[] {
  return files.map((file) => {
    const left = [
      [file.repeated, 'repeated'],
      [file.inTest, 'in the test split too'],
      [file.inLabelled, 'in the labelled split too'],
      ...Object.entries(file.bad).map(([reason, count]) => [count, wrong[reason as BadReason]]),
    ].flatMap(([count, what]) => (count ? [`, ${count} ${what}`] : []));
    const rest = file.limited ? '; the rest is not read (data.limits)' : '';
    return `${file.file} (${file.split}): ${rows(file.rows)}, ${file.kept} kept${left.join('')}${rest}`;
  });
}

const rows = (count: number) => `${count} ${count === 1 ? 'row' : 'rows'}`;
