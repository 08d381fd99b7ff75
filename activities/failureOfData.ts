import { finalFailure } from '../core/failures.ts';
import { DataError, DataUnavailable } from '../data/errors.ts';

/**
 * What an activity fails with: what the user must mend in data is final, and told without the texts of
 * rows; any other error is as it was.
 */
export function failureOfData(error: unknown): unknown {
  if (!(error instanceof DataError)) return error;
  const type = error instanceof DataUnavailable ? 'DataUnavailable' : 'DataError';
  return finalFailure(type, error.summary);
}
