import type { Estimate } from '../statistics.ts';
import * as format from './format.ts';

/** A part of a report as data: what it says, however it is shown (Markdown, terminal). */
export interface Section {
  title: string;
  /** Paragraphs, as plain text, and tables, in order. */
  blocks: (string | Table)[];
}

/** A table whose columns all have the same number of cells. */
export interface Table {
  columns: Column[];
}

/** What a cell can hold, by the kind of its column. */
export interface CellValues {
  text: string;
  /** A whole number. */
  count: number;
  /** 0 to 1. */
  share: number;
  /** A number of 0 to 1 that is no share. */
  decimal: number;
  estimate: Estimate;
  seconds: number;
  /** US dollars. */
  money: number;
}

/** A kind of column. */
export type CellKind = keyof CellValues;

/** A column: what its cells mean is in its kind; null stands for none, or not known. */
export type Column<K extends CellKind = CellKind> = {
  [P in K]: { title: string; kind: P; cells: (CellValues[P] | null)[] };
}[K];

/** A column that has yet to be filled: `of` takes its value out of what the row is about. */
export type ColumnOf<Row, K extends CellKind = CellKind> = {
  [P in K]: { title: string; kind: P; of: (row: Row) => CellValues[P] | null };
}[K];

/** A table with a row for each of `rows`. */
export function tableOf<Row>(rows: readonly Row[], columns: readonly ColumnOf<Row>[]): Table {
  return { columns: columns.map((column) => columnOf(rows, column)) };
}

function columnOf<Row, K extends CellKind>(
  rows: readonly Row[],
  { title, kind, of }: ColumnOf<Row, K>,
): Column<K> {
  return { title, kind, cells: rows.map(of) };
}

const FORMATS: { [K in CellKind]: (value: CellValues[K]) => string } = {
  text: format.oneLine,
  count: format.count,
  share: format.percent,
  decimal: format.decimal,
  estimate: format.estimate,
  seconds: format.duration,
  money: format.money,
};

/** The cells of a table as texts, row by row. */
export function textRows({ columns }: Table): string[][] {
  const texts = columns.map(textsOf);
  return (texts[0] ?? []).map((_, row) => texts.map((column) => column[row]!));
}

function textsOf<K extends CellKind>({ kind, cells }: Column<K>): string[] {
  return cells.map((cell) => (cell === null ? format.NONE : FORMATS[kind](cell)));
}

/** On which side the cells of each column stand: texts on the left, numbers on the right. */
export function alignments({ columns }: Table): ('left' | 'right')[] {
  return columns.map(({ kind }) => (kind === 'text' ? 'left' : 'right'));
}
