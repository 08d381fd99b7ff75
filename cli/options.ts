import { type Command, InvalidArgumentError } from 'commander';
import type { StackPlace } from '../stack/place.ts';

/** Parses a whole number from `min` to `max`, for an option of commander. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(
        max === Number.MAX_SAFE_INTEGER
          ? `give a whole number, ${min} or more`
          : `give a whole number from ${min} to ${max}`,
      );
    return value;
  };
}

/** Parses a number above 0, for an option of commander. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && Number.isFinite(value)))
    throw new InvalidArgumentError('give a number above 0');
  return value;
}

const port = wholeNumber(1, 65_535);

export const DEFAULT_PLACE: StackPlace = {
  state: '.semievol',
  temporalPort: 7233,
  uiPort: 8233,
  enginePort: 8090,
};

/** Adds the options that say where a stack lives; they parse into a `StackPlace`. */
export function addStackOptions(command: Command): Command {
  return command
    .option('--state <dir>', 'folder of databases, store, models and logs', DEFAULT_PLACE.state)
    .option('--temporal-port <port>', "port of Temporal's server", port, DEFAULT_PLACE.temporalPort)
    .option('--ui-port <port>', "port of Temporal's UI", port, DEFAULT_PLACE.uiPort)
    .option('--engine-port <port>', 'port of the engine', port, DEFAULT_PLACE.enginePort);
}

/** Adds the options by which a person answers for a change of a champion. */
export function addSignature(command: Command): Command {
  return command
    .requiredOption('--reason <text>', 'why, for those who come after')
    .option('--by <name>', 'who decides (default: who is logged in)')
    .option('--json', 'print JSON');
}
