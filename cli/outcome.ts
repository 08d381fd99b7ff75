import { print } from './context.ts';
import { CliError, exitCode } from './errors.ts';
import { figures, reportTables } from './figures.ts';
import type { RunReports } from './run-reports.ts';
import type { RunView } from './run-view.ts';

/**
 * Makes sure that a run has come to its end.
 * @throws CliError when it did not complete, with the reason.
 */
export function assertCompleted({ run, state, failure }: RunView): void {
  if (state !== 'completed')
    throw new CliError(
      `run "${run}" ${state}${failure ? `: ${failure.join(': ')}` : ''}\nthe same command starts it again and reuses what is stored`,
      { exit: exitCode.failed },
    );
}

/** Prints the figures of the rounds that have ended. */
export function printReports(run: string, { reports, leftOut }: RunReports, json?: boolean): void {
  print(
    json,
    { run, rounds: reports.map((report) => figures(report, leftOut)) },
    reports.map((report) => reportTables(report, leftOut)).join('\n\n'),
  );
}
