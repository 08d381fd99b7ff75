import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { foldOf, isHeldOut } from '../core/folds.ts';
import { ranges } from '../core/range.ts';
import { teachesReasoning } from '../core/spec.ts';
import { withFolder } from '../data/scratch.ts';
import type { TrainingFile } from '../providers/trainer.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { linesOf } from './lines.ts';
import { ownFile } from './ownFile.ts';
import type { Tracker } from './progress.ts';

const BATCH = 1_000;

/** Where the rows of a training file come from; a reference, whatever their number. */
export type TrainingRows =
  /** All labelled examples but those held out and those of a fold, the whole of them `times` times. */
  | { from: 'labelled'; ref: RoundRef; times: number; withoutFold?: number }
  /** All labelled examples `times` times, and what the round has selected, by its table. */
  | { from: 'labelled-and-selected'; ref: RoundRef; times: number }
  /** A chat-format JSONL file in one of the worker's `trainingFolders`. */
  | { from: 'file'; path: string };

/**
 * Writes a training file (chat format, one JSON object a line) to a temporary folder, lends it
 * to `use`, and removes it. Memory does not grow with the file.
 */
export async function withTrainingFile<T>(
  dependencies: Dependencies,
  rows: TrainingRows,
  tracker: Tracker,
  use: (file: TrainingFile, count: number) => Promise<T>,
): Promise<T> {
  return withFolder(async (folder) => {
    const path = join(folder, 'train.jsonl');
    const hash = createHash('sha256');
    let bytes = 0;
    let count = 0;
    const measure = new Transform({
      transform(line: Buffer, _encoding, done) {
        hash.update(line);
        bytes += line.length;
        tracker.set({ done: ++count });
        done(null, line);
      },
    });
    const file = createWriteStream(path, { mode: 0o600 });
    const { signal } = tracker;
    await pipeline(Readable.from(lines(dependencies, rows)), measure, file, { signal });
    return use({ path, sha256: hash.digest('hex'), bytes }, count);
  });
}

/** The texts of a training file: all that stands in its rows but the roles, of labelled ones once. */
export async function* textsOf(
  dependencies: Dependencies,
  rows: TrainingRows,
): AsyncIterable<string> {
  const once = rows.from === 'file' ? rows : { ...rows, times: 1 };
  for await (const line of lines(dependencies, once)) yield* stringsIn(parsed(line.toString()));
}

/** A line that is not JSON is a text itself. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const [key, part] of Object.entries(value)) if (key !== 'role') yield* stringsIn(part);
}

async function* lines(dependencies: Dependencies, rows: TrainingRows): AsyncIterable<Buffer> {
  if (rows.from === 'file') {
    const path = await ownFile(rows.path, dependencies.trainingFolders);
    for await (const line of linesOf(createReadStream(path, 'utf8')))
      if (line.trim() !== '') yield Buffer.from(`${line}\n`);
    return;
  }
  for await (const row of messages(dependencies, rows))
    yield Buffer.from(`${JSON.stringify(row)}\n`);
}

async function* messages(
  dependencies: Dependencies,
  rows: Exclude<TrainingRows, { from: 'file' }>,
) {
  const { spec, dataset, tables, task } = await openRound(dependencies, rows.ref);
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
