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
