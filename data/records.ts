/** A record of a file as it stands there, or what is wrong with it. */
export type RawRecord =
  | {
      /** The line where the record begins, from 1 (in Parquet and JSON files: which record). */
      line: number;
      values: Record<string, unknown>;
      problem?: undefined;
    }
  | {
      line: number;
      values?: undefined;
      problem: string;
      /** Rows of the file that it stands for; 1 when left out. */
      rows?: number;
    };

/** Some records of a file, in order. */
export interface RawBatch {
  /** The file's columns, as far as these records show them; a name may stand there twice. */
  columns: string[];
  records: RawRecord[];
  /** What separates the cells of a CSV file. */
  separator?: string;
}

/** Records a batch: bounds what a reader holds. */
export const BATCH_SIZE = 2_000;

/** Most characters of a record. */
export const MAX_RECORD = 16 * 1024 ** 2;

/** The value of a column; a record has none that it does not hold itself, like `constructor`. */
export function cellOf(values: Record<string, unknown>, column: string): unknown {
  return Object.hasOwn(values, column) ? values[column] : undefined;
}
