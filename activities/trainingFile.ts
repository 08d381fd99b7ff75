import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { TrainingRows } from '../core/trainingRows.ts';
import { withFolder } from '../data/scratch.ts';
import { linesOfRows, trainingRows, writeLines } from '../data/trainingRows.ts';
import type { TrainingFile } from '../providers/trainer.ts';
import { type Dependencies, openRound } from './dependencies.ts';
import { linesOf } from './lines.ts';
import { ownFile } from './ownFile.ts';
import type { Tracker } from './progress.ts';

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
    const { count, ...written } = await writeLines(path, lines(dependencies, rows), {
      signal: tracker.signal,
      onLine: (done) => tracker.set({ done }),
    });
    return use({ path, ...written }, count);
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

async function* lines(dependencies: Dependencies, rows: TrainingRows): AsyncGenerator<Buffer> {
  if (rows.from === 'file') {
    const path = await ownFile(rows.path, dependencies.trainingFolders);
    for await (const line of linesOf(createReadStream(path, 'utf8')))
      if (line.trim() !== '') yield Buffer.from(`${line}\n`);
    return;
  }
  yield* linesOfRows(trainingRows(await openRound(dependencies, rows.ref), rows));
}
