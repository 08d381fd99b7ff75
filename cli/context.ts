import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { connectClient, type SemiEvolClient } from '../client/client.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { builtIn, Registry } from '../core/registry.ts';

/** Options every command takes. */
export interface GlobalOptions {
  config: string;
  verbose?: boolean;
}

/** The configuration named on the command line. @throws ConfigError */
export function configOf(command: Command): Promise<Config> {
  return loadConfig(command.optsWithGlobals<GlobalOptions>().config);
}

/** Lends a client. @throws TemporalUnreachable, TemporalRefused */
export async function withClient<T>(
  config: Config,
  use: (client: SemiEvolClient) => Promise<T>,
): Promise<T> {
  const client = await connectClient(config);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** The kinds that specs may name: where no configuration is there and none is named, ours. */
export async function knownKinds(command: Command): Promise<Registry> {
  const { config } = command.optsWithGlobals<GlobalOptions>();
  const isNamed = command.getOptionValueSourceWithGlobals('config') !== 'default';
  return isNamed || existsSync(config)
    ? new Registry((await configOf(command)).extensions)
    : builtIn;
}

/** Result of a command on standard output: JSON for machines, else the text. */
export function print(json: boolean | undefined, value: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(value, null, 2) : text}\n`);
}
