/** A record of a file as it stands there, or what is wrong with it. */
export type RawRecord =
  | {
      /** The line where the record begins, from 1 (in Parquet and JSON files: which record). */
      line: number;
      values: Record<string, unknown>;
      problem?: undefined;
    }
  | { line: number; values?: undefined; problem: string };

/** Some records of a file, in order. */
export interface RawBatch {
  /** The file's columns, as far as these records show them. */
  columns: string[];
  records: RawRecord[];
}

/** Records a batch: bounds what a reader holds. */
export const batchSize = 2_000;
