import { SemiEvolError } from '../core/errors.ts';
import { printable } from '../core/text.ts';

/** Data that cannot be used as it is: the message names file, line or column, and the remedy. */
export class DataError extends SemiEvolError {
  override readonly name: string = 'DataError';
  override readonly isOfInput = true;
  /** The message without what it quotes of the data: fit for a history. */
  readonly summary: string;

  /** @param details what the message goes on with: it may quote the data */
  constructor(summary: string, details = '') {
    super(printable(summary + details));
    this.summary = printable(summary);
  }
}

/**
 * Data that cannot be got at: what keeps them away (a right, a path, a key, the storage) is outside of
 * them, and may be mended without a change of theirs.
 */
export class DataUnavailable extends DataError {
  override readonly name = 'DataUnavailable';
}
