import { SemiEvolError } from '../core/errors.ts';

/** npm passes a terminal's Ctrl-C on: the same one arrives twice, within this time. */
const SAME_KEYSTROKE_MS = 500;

/** What the shell is told of a program that Ctrl-C has ended. */
export const INTERRUPTED = 130;

/** The user has ended it; the message says what goes on without them. */
export class Interrupted extends SemiEvolError {
  override readonly name = 'Interrupted';
}

/** What a command does about Ctrl-C (SIGINT) and SIGTERM. */
export interface Interruption {
  /** Aborted by the first one. */
  signal: AbortSignal;
  /** Goes back to the usual behaviour. */
  release(): void;
}

/** Listens for Ctrl-C; `insist` is called from the second one on. */
export function onInterrupt(insist: () => void): Interruption {
  const controller = new AbortController();
  let firstAt = 0;
  const listener = () => {
    if (!controller.signal.aborted) {
      firstAt = Date.now();
      controller.abort();
    } else if (Date.now() - firstAt > SAME_KEYSTROKE_MS) insist();
  };
  process.on('SIGINT', listener).on('SIGTERM', listener).on('SIGHUP', listener);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', listener).off('SIGTERM', listener).off('SIGHUP', listener);
    },
  };
}
