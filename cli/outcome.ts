import type { RoundReport } from '../core/types.ts';
import { print } from './context.ts';
import { CliError, exitCode } from './errors.ts';
import { figures, reportTables } from './figures.ts';
import type { RunView } from './run-view.ts';

/**
 * Prints the figures of a run that has ended.
 * @throws CliError when it did not complete, with the reason.
 */
export function printOutcome(view: RunView, json?: boolean): void {
  if (view.state !== 'completed')
    throw new CliError(
      `run "${view.run}" ${view.state}${view.failure ? `: ${view.failure.join(': ')}` : ''}\nthe same command starts it again and reuses what is stored`,
      { exit: exitCode.failed },
    );
  printReports(view.run, view.status?.reports ?? [], json);
}

export function printReports(run: string, reports: RoundReport[], json?: boolean): void {
  print(json, { run, rounds: reports.map(figures) }, reports.map(reportTables).join('\n\n'));
}
