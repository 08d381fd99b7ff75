import { printable } from '../core/text.ts';

/** What the process says to the shell when it ends; documented in `semievol --help`. */
export const exitCode = { ok: 0, failed: 1, badInput: 2, interrupted: 130 } as const;

/** An error whose message is all the user needs: what is wrong, and the remedy. */
export class CliError extends Error {
  override name = 'CliError';
  readonly exit: number;

  constructor(message: string, options: ErrorOptions & { exit?: number } = {}) {
    super(message, options);
    this.exit = options.exit ?? exitCode.badInput;
  }
}

/**
 * Errors of the other layers that tell of bad input or surroundings. By name: a configuration may
 * throw those of another copy of the package.
 */
const badInput = new Set([
  'ConfigError',
  'TemporalUnreachable',
  'TemporalRefused',
  'DataError',
  'StoreError',
]);

/** The exit code an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exit;
  return error instanceof Error && badInput.has(error.name) ? exitCode.badInput : exitCode.failed;
}

/**
 * The messages of an error and of its causes, outermost first, without repetitions. They may quote
 * what others wrote, so nothing in them moves the cursor or changes the terminal.
 */
export function messagesOf(error: unknown): string[] {
  const messages: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (at.message && !messages.includes(at.message)) messages.push(at.message);
  return (messages.length > 0 ? messages : [String(error)]).map(printable);
}
