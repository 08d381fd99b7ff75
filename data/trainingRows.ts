import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type RunSpec, teachesReasoning } from '../core/spec.ts';
import type { Task } from '../core/tasks/task.ts';
import { isLearned, type StoredRows } from '../core/trainingRows.ts';
import type { ChatMessage, StoredExample } from '../core/types.ts';
import type { Dataset } from '../store/dataset.ts';
import type { RunTables, SelectedRow } from '../store/run.ts';
import { taughtIn } from './keptRows.ts';

/** What rows are read from, opened. */
export interface RowSources {
  spec: Pick<RunSpec, 'answer' | 'pool' | 'earlier'>;
  task: Task;
  dataset: Dataset;
  tables: RunTables;
}

/** Whether an example is not to stand in a file that is made again, whatever it was made of. */
type LeftOut = (example: StoredExample) => boolean;

/**
 * The rows of a training file, in their order, always the same of one reference: the file can be made
 * again as it was. Memory does not grow with their number.
 */
export async function* trainingRows(
  sources: RowSources,
  rows: StoredRows,
  isLeftOut: LeftOut = () => false,
): AsyncGenerator<{ messages: ChatMessage[] }> {
  const { spec, task, dataset } = sources;
  const manner = { isReasoned: teachesReasoning(spec.answer) };
  for (let time = 0; time < rows.times; time++)
    for await (const example of dataset.scan('labelled'))
      if (isLearned(rows, example) && !isLeftOut(example))
        yield task.trainingRow(example, example.answer!);
  if (rows.from === 'labelled') return;
  for await (const { example, label, response, weight } of selectedRows(sources, rows.ref.round)) {
    if (isLeftOut(example)) continue;
    const said = response ? { response, manner } : undefined;
    for (let time = 0; time < weight; time++) yield task.trainingRow(example, label, said);
  }
}

/** What is taught beside the labelled examples. */
interface Taught {
  example: StoredExample;
  label: string;
  response: string | null;
  /** How often it stands in the file. */
  weight: number;
}

/** What the round has selected, and what earlier ones have where their labels are kept. */
async function* selectedRows(sources: RowSources, round: number): AsyncIterable<Taught> {
  for await (const batch of taughtIn(sources, round)) yield* labelled(sources, batch);
}

/** With the labels of the round that has selected them, which is the same for all. */
async function* labelled(
  { dataset, tables }: RowSources,
  selected: readonly SelectedRow[],
): AsyncIterable<Taught> {
  const [first, last] = [selected[0], selected.at(-1)];
  if (!first || !last) return;
  const range = { from: first.ordinal, to: last.ordinal + 1 };
  const labels = await tables.pseudoLabels(first.round, range);
  const labelOf = new Map(labels.map((row) => [row.ordinal, row]));
  const examples = await dataset.range('unlabelled', range);
  const exampleOf = new Map(examples.map((example) => [example.ordinal, example]));
  for (const { ordinal, weight } of selected) {
    const example = exampleOf.get(ordinal);
    const { label, response } = labelOf.get(ordinal)!;
    // One that was struck out since teaches nobody any more.
    if (example) yield { example, label: label!, response, weight };
  }
}

/** Rows as the lines of a file in chat format. */
export async function* linesOfRows(rows: AsyncIterable<object>): AsyncGenerator<Buffer> {
  for await (const row of rows) yield Buffer.from(`${JSON.stringify(row)}\n`);
}

/** A file of lines that was written. */
export interface WrittenLines {
  count: number;
  bytes: number;
  /** In hexadecimal digits. */
  sha256: string;
}

/**
 * Writes lines to a file that nobody else may read. Memory does not grow with it.
 * @param onLine is told how many there are so far
 */
export async function writeLines(
  path: string,
  lines: AsyncIterable<Buffer>,
  { signal, onLine = () => {} }: { signal?: AbortSignal; onLine?: (count: number) => void } = {},
): Promise<WrittenLines> {
  const hash = createHash('sha256');
  const written = { count: 0, bytes: 0 };
  const measure = new Transform({
    transform(line: Buffer, _encoding, done) {
      hash.update(line);
      written.bytes += line.length;
      onLine(++written.count);
      done(null, line);
    },
  });
  const file = createWriteStream(path, { mode: 0o600 });
  await pipeline(Readable.from(lines), measure, file, { ...(signal && { signal }) });
  return { ...written, sha256: hash.digest('hex') };
}
