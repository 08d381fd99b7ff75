/** Data that cannot be used as it is: the message names file, line or column, and the remedy. */
export class DataError extends Error {
  override readonly name = 'DataError';
}
