import { finalFailure } from '../core/failures.ts';
import { DataError } from '../data/errors.ts';

/**
 * What an activity fails with: what the user must mend in data is final, and told without the texts of
 * rows; any other error is as it was.
 */
export const failureOfData = (error: unknown): unknown =>
  error instanceof DataError ? finalFailure('DataError', error.summary) : error;
