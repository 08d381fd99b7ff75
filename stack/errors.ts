import { SemiEvolError } from '../core/errors.ts';

/** A stack cannot be had where it is wanted: the place, or the configuration, is to be mended. */
export class StackRefused extends SemiEvolError {
  override readonly name = 'StackRefused';
  override readonly isOfInput = true;
}

/** A service of a stack does not run; the message has its last lines. */
export class ServiceFailed extends SemiEvolError {
  override readonly name = 'ServiceFailed';
}
