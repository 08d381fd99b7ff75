import type { Command } from 'commander';
import { configOf, withClient } from '../context.ts';
import { CliError } from '../errors.ts';
import { printReports } from '../outcome.ts';

export default async function report(
  run: string,
  { json }: { json?: boolean },
  command: Command,
): Promise<void> {
  const finished = await withClient(await configOf(command), (client) => client.get(run).reports());
  if (finished.rounds.length === 0)
    throw new CliError(`run "${run}" has finished no round yet`, { isOfInput: false });
  printReports(finished, json);
}
