import type { Command } from 'commander';
import { type Config, loadConfig } from '../config/config.ts';

export { withClient } from '../workers/temporal.ts';

/** Options every command takes. */
export interface GlobalOptions {
  config: string;
  verbose?: boolean;
}

/** The configuration named on the command line. @throws ConfigError */
export function configOf(command: Command): Promise<Config> {
  return loadConfig(command.optsWithGlobals<GlobalOptions>().config);
}

/** Result of a command on standard output: JSON for machines, else the text. */
export function print(json: boolean | undefined, value: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(value, null, 2) : text}\n`);
}
