import type { Command } from 'commander';
import { connectClient, type SemiEvolClient } from '../client/client.ts';
import { type Config, loadConfig } from '../config/config.ts';

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

/** Result of a command on standard output: JSON for machines, else the text. */
export function print(json: boolean | undefined, value: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(value, null, 2) : text}\n`);
}
