import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { foldOf, isHeldOut } from '../core/folds.ts';
import { ranges } from '../core/range.ts';
import { type RunSpec, teachesReasoning } from '../core/spec.ts';
import type { Task } from '../core/tasks/task.ts';
import type { StoredRows } from '../core/trainingRows.ts';
import type { ChatMessage } from '../core/types.ts';
import type { Dataset } from '../store/dataset.ts';
import type { RunTables } from '../store/run.ts';

const BATCH = 1_000;

/** What rows are read from, opened. */
export interface RowSources {
  spec: Pick<RunSpec, 'answer'>;
  task: Task;
  dataset: Dataset;
  tables: RunTables;
}

/**
 * The rows of a training file, in their order, always the same of one reference: the file can be made
 * again as it was. Memory does not grow with their number.
 */
export async function* trainingRows(
  { spec, task, dataset, tables }: RowSources,
  rows: StoredRows,
): AsyncGenerator<{ messages: ChatMessage[] }> {
  const manner = { isReasoned: teachesReasoning(spec.answer) };
  const withoutFold = rows.from === 'labelled' ? rows.withoutFold : undefined;
  for (let time = 0; time < rows.times; time++)
    for (const range of ranges(await dataset.count('labelled'), BATCH))
      for (const example of await dataset.range('labelled', range))
        if (foldOf(example) !== withoutFold && !isHeldOut(example, rows.ref.heldOut))
          yield task.trainingRow(example, example.answer!);
  if (rows.from === 'labelled') return;
  const { round } = rows.ref;
  for await (const batch of tables.scanSelected(round)) {
    const ordinals = batch.map(({ ordinal }) => ordinal);
    const range = { from: ordinals[0]!, to: ordinals.at(-1)! + 1 };
    const labels = await tables.pseudoLabels(round, range);
    const labelOf = new Map(labels.map((row) => [row.ordinal, row]));
    const examples = await dataset.at('unlabelled', ordinals);
    for (const [index, { ordinal, weight }] of batch.entries()) {
      const { label, response } = labelOf.get(ordinal)!;
      const said = response ? { response, manner } : undefined;
      for (let time = 0; time < weight; time++)
        yield task.trainingRow(examples[index]!, label!, said);
    }
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
