import type { IngestReport } from '../ingestReport.ts';
import type { Split } from '../types.ts';

/** Names of files that an arrival may have: a history holds them. */
export const MOST_FILES = 100;

/** What is to come into the data set of a run, by reference: texts are in files or in the store. */
export interface Arrival {
  labelled?: string[];
  unlabelled?: string[];
  test?: string[];
  /** Files with rows that are to be struck out, whatever split they are in. */
  withdrawn?: string[];
  /** Segments all of whose rows are to be struck out; 0 is what the run began with. */
  withdrawnSegments?: number[];
  /** What people have answered in reviews up to and with this number joins the labelled. */
  reviews?: number;
  /** Where relative paths start; the working folder of the worker when left out. */
  folder?: string;
}

/** What came of an arrival. */
export interface Arrived {
  /** The version of the data set that there is now. */
  dataset: string;
  /** Its number: as many segments came before it. */
  segment: number;
  /** Bounds of the ordinals of each split, struck-out ones among them. */
  counts: Record<Split, number>;
  /** How many of these are struck out. */
  struck: Record<Split, number>;
  /** New rows. */
  added: Record<Split, number>;
  /** Rows that were struck out. */
  removed: Record<Split, number>;
}

/** What one arrival, or what was withdrawn with it, has made of the data set of a run. */
export interface Segment extends Pick<Arrived, 'added' | 'removed'> {
  number: number;
  /** ISO 8601. */
  at: string;
  /** What became of its rows. */
  report: IngestReport;
}
