import { SemiEvolError } from '../core/errors.ts';
import { printable } from '../core/text.ts';

/** Data that cannot be used as it is: the message names file, line or column, and the remedy. */
export class DataError extends SemiEvolError {
  override readonly name = 'DataError';
  override readonly isOfInput = true;
  /** The message without what it quotes of the data: fit for a history. */
  readonly summary: string;

  /** @param details what the message goes on with: it may quote the data */
  constructor(summary: string, details = '') {
    super(printable(summary + details));
    this.summary = printable(summary);
  }
}
