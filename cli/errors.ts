import { SemiEvolError } from '../core/errors.ts';
import { printable } from '../core/text.ts';

/** What the process says to the shell when it ends; documented in `semievol --help`. */
export const exitCode = { ok: 0, failed: 1, badInput: 2, interrupted: 130 } as const;

/** A command cannot go on. */
export class CliError extends SemiEvolError {
  override readonly name = 'CliError';
  readonly exit: number;

  constructor(message: string, options: ErrorOptions & { exit?: number } = {}) {
    super(message, options);
    this.exit = options.exit ?? exitCode.badInput;
  }
}

/** The exit code an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exit;
  // Not by its class: a configuration may throw those of another copy of the package.
  const isOfInput = error instanceof Error && (error as Partial<SemiEvolError>).isOfInput;
  return isOfInput ? exitCode.badInput : exitCode.failed;
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
