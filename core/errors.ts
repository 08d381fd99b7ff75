import { printable } from './text.ts';

/**
 * What every error of SemiEvol's own is: its message says what is wrong and what to do about it,
 * and `name` is that of its class.
 *
 * @example
 * try {
 *   await client.start(spec);
 * } catch (error) {
 *   if (!(error instanceof SemiEvolError)) throw error; // a fault, or somebody else's
 *   console.error(error.message);
 * }
 */
export abstract class SemiEvolError extends Error {
  abstract override readonly name: string;
  /**
   * Whether something that was given (data, spec, configuration, surroundings) is to be mended first:
   * nothing was begun with it.
   */
  readonly isOfInput: boolean = false;
}

/** An error and its causes, outermost first. */
export function* causesOf(error: unknown): Generator<Error> {
  for (let at = error; at instanceof Error; at = at.cause) yield at;
}

/**
 * The messages of an error and of its causes, outermost first, without repetitions. They may quote
 * what others wrote, so nothing in them moves the cursor or changes the terminal.
 */
export function messagesOf(error: unknown): string[] {
  const messages: string[] = [];
  for (const { message } of causesOf(error))
    if (message && !messages.includes(message)) messages.push(message);
  return (messages.length > 0 ? messages : [String(error)]).map(printable);
}
