/** A place that data come to, for a run. */
export interface CollectInput {
  run: string;
  /** The folder, as workers see it, or an `s3://` prefix. */
  from: string;
}

/** What came of looking for new files there. */
export interface Collected {
  /** How many were taken. */
  files: number;
  /**
   * What could not be used, and why. A file is tried again when it has changed, or, where what kept it
   * away is outside of it, the next time.
   */
  refused: { file: string; problem: string }[];
}
