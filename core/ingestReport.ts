import type { Split } from './types.ts';

/** What is wrong with a row: its form, a part of its example, or that an earlier row answers otherwise. */
export type BadReason = 'unreadable' | 'question' | 'options' | 'answer' | 'conflict';

/** What became of the rows of one data file. The rows are the sum of the other counts. */
export interface FileCounts {
  split: Split;
  /** As the spec names it, without the query of a URL. */
  file: string;
  /** Rows read; those after the split's limit are not. */
  rows: number;
  kept: number;
  /** Rows that repeat an earlier row of their split. */
  repeated: number;
  /** Rows whose example is in the test split, too. */
  inTest: number;
  /** Rows whose example is in the labelled split, too. */
  inLabelled: number;
  /** Test rows whose example is or was unlabelled; missing where no data set was added to. */
  inUnlabelled?: number;
  /** Rows whose example was withdrawn before; missing where no data set was added to. */
  withdrawn?: number;
  /** Kept rows that answer otherwise than an earlier version, and count from now on. */
  superseding?: number;
  /** Kept rows that have joined the test split (`data.growTest`). */
  grown?: number;
  /** Rows that could be used and were not drawn; missing where all are taken that the limit leaves. */
  notDrawn?: number;
  /** Rows that could not be used, by what is wrong with them. */
  bad: Partial<Record<BadReason, number>>;
  /** Whether rows after these were left unread, because of the split's limit. */
  limited: boolean;
}

/** What cleaning made of the data files: counts, and where to look. */
export interface IngestReport {
  /** In the order in which they were read. */
  files: FileCounts[];
  /** The first of the rows that could not be used; a quoted text is cut short. */
  problems: { file: string; line: number; problem: string }[];
  /** The first of the rows whose answer has taken the place of an earlier one. */
  superseding?: Superseding[];
  /** What was struck out because somebody wanted it so. */
  withdrawals?: Withdrawal[];
}

/** What came of the wish to strike out the rows of a file, of a segment or of reviews. */
export interface Withdrawal {
  /** What names the rows. */
  of: string;
  rows: number;
  /** Rows of which the data set holds, or held, no example. */
  unknown: number;
}

/** A row whose gold answer has taken the place of an earlier one. */
export interface Superseding {
  file: string;
  line: number;
  split: Split;
  /** Of the example that was struck out. */
  ordinal: number;
}
