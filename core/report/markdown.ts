import { oneLine } from './format.ts';
import { alignments, type Section, type Table, textRows } from './section.ts';

/**
 * Sections as GitHub-flavoured Markdown. No text of a section is taken for markup, whatever a
 * model, a label or a file is called.
 */
export function markdown(sections: readonly Section[]): string {
  return sections
    .flatMap(({ title, blocks }) => [
      `## ${escaped(title)}`,
      ...blocks.map((block) => (typeof block === 'string' ? paragraph(block) : table(block))),
    ])
    .map((block) => `${block}\n`)
    .join('\n');
}

function table(of: Table): string {
  const rule = alignments(of).map((side) => (side === 'left' ? '---' : '--:'));
  const rows = textRows(of).map((cells) => cells.map(escaped));
  return [of.columns.map(({ title }) => escaped(title)), rule, ...rows].map(line).join('\n');
}

const line = (cells: string[]) => `| ${cells.join(' | ')} |`;

/** What stands at the beginning of a paragraph must not make it a list. */
function paragraph(text: string): string {
  return escaped(text).replace(/^(\d*)([-+=.)])/, '$1\\$2');
}

/** A text in one line, with a backslash before what Markdown would read as markup. */
function escaped(text: string): string {
  return oneLine(text).replace(/[\\`*_~[\]<>&|#]/g, '\\$&');
}
