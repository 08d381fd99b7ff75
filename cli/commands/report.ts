import type { Command } from 'commander';
import { configOf, withClient } from '../context.ts';
import { CliError, exitCode } from '../errors.ts';
import { printReports } from '../outcome.ts';
import { observeRun } from '../run-view.ts';

export function addReport(program: Command): void {
  program
    .command('report')
    .description('print the figures of the rounds a run has finished')
    .argument('<run>', 'name of the run')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ semievol report fpb --json > fpb.json')
    .action(async (run: string, { json }: { json?: boolean }, command: Command) => {
      const config = await configOf(command);
      const { status, state } = await withClient(config, (client) =>
        observeRun(client, run, config.temporal.taskQueue),
      );
      const reports = status?.reports ?? [];
      if (reports.length === 0)
        throw new CliError(`run "${run}" (${state}) has finished no round yet`, {
          exit: exitCode.failed,
        });
      printReports(run, reports, json);
    });
}
