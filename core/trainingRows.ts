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
export interface StoredRows {
  /** Labelled examples alone, or also what the round has selected, by its table. */
  from: 'labelled' | 'labelled-and-selected';
  ref: RowsRef;
  /** How often the labelled examples stand in it, the whole of them. */
  times: number;
  /** The fold whose labelled examples are left out, and how many folds there are. */
  withoutFold?: { fold: number; of: number };
}

/** Whether a labelled example stands in a training file, which leaves out what is held out, and a fold. */
export const isLearned = (
  { ref, withoutFold }: Pick<StoredRows, 'ref' | 'withoutFold'>,
  example: Pick<Example, 'id'>,
): boolean =>
  !isHeldOut(example, ref.heldOut) &&
  (withoutFold === undefined || foldOf(example, withoutFold.of) !== withoutFold.fold);

/** Where the rows of a training file come from. */
export type TrainingRows =
  | StoredRows
  /** A chat-format JSONL file in one of the worker's `trainingFolders`. */
  | { from: 'file'; path: string };
