import { SemiEvolError } from '../core/errors.ts';
import { INTERRUPTED } from '../stack/interrupt.ts';

/** What the process says to the shell when it ends; documented in `semievol --help`. */
export const EXIT_CODE = { ok: 0, failed: 1, badInput: 2, interrupted: INTERRUPTED } as const;

/** A command cannot go on. */
export class CliError extends SemiEvolError {
  override readonly name = 'CliError';
  override readonly isOfInput: boolean;

  /** @param options.isOfInput false where it is not for what was given */
  constructor(message: string, options: ErrorOptions & { isOfInput?: boolean } = {}) {
    super(message, options);
    this.isOfInput = options.isOfInput ?? true;
  }
}

/** The exit code an error stands for. */
export function exitCodeOf(error: unknown): number {
  // Not by their classes: a configuration may throw errors of another copy of the package.
  const { name, isOfInput }: Partial<SemiEvolError> = error instanceof Error ? error : {};
  if (name === 'Interrupted') return EXIT_CODE.interrupted;
  return isOfInput ? EXIT_CODE.badInput : EXIT_CODE.failed;
}
