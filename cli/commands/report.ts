import type { Command } from 'commander';
import { readReports } from '../../client/runReports.ts';
import { configOf, withClient } from '../context.ts';
import { CliError, exitCode } from '../errors.ts';
import { printReports } from '../outcome.ts';

export function addReport(program: Command): void {
  program
    .command('report')
    .description('print the figures of the rounds a run has finished')
    .argument('<run>', 'name of the run')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ semievol report fpb --json > fpb.json')
    .action(async (run: string, { json }: { json?: boolean }, command: Command) => {
      const config = await configOf(command);
      const finished = await withClient(config, (client) => readReports(client, config, run));
      if (finished.rounds.length === 0)
        throw new CliError(`run "${run}" has finished no round yet`, { exit: exitCode.failed });
      printReports(finished, json);
    });
}
