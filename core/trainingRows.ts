import { foldOf, isHeldOut } from './folds.ts';
import type { Example } from './types.ts';

/** The round whose tables and data set the rows of a training file are read from. */
export interface RowsRef {
  run: string;
  round: number;
  dataset: string;
  /** The place (see `placeOf`) below which labelled examples are left out, where any are. */
  heldOut?: number;
}

/** What of the store is in a training file; a reference, whatever the number of its rows. */
export type StoredRows =
  /** All labelled examples but those held out and those of a fold, the whole of them `times` times. */
  | { from: 'labelled'; ref: RowsRef; times: number; withoutFold?: number }
  /** All labelled examples `times` times, and what the round has selected, by its table. */
  | { from: 'labelled-and-selected'; ref: RowsRef; times: number };

/** Whether a labelled example stands in a training file, which leaves out what is held out, and a fold. */
export const isLearned = (rows: StoredRows, example: Pick<Example, 'id'>): boolean =>
  !isHeldOut(example, rows.ref.heldOut) &&
  (rows.from !== 'labelled' || foldOf(example) !== rows.withoutFold);

/** Where the rows of a training file come from. */
export type TrainingRows =
  | StoredRows
  /** A chat-format JSONL file in one of the worker's `trainingFolders`. */
  | { from: 'file'; path: string };
