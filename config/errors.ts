import { SemiEvolError } from '../core/errors.ts';

/** The configuration cannot be used; the message names the field and what to do. */
export class ConfigError extends SemiEvolError {
  override readonly name = 'ConfigError';
  override readonly isOfInput = true;
}
