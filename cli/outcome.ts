import type { RunReports } from '../client/runReports.ts';
import type { RunView } from '../client/runView.ts';
import { emptyResults } from '../core/emptyResult.ts';
import { print } from './context.ts';
import { CliError, exitCode } from './errors.ts';
import { figures, reportTables } from './figures.ts';

/** Types of failures that the input is to blame for: it is to be mended first. */
const INPUT: readonly string[] = ['DataError', 'SpecChanged', 'ModelNotFound', 'NoFineTuning'];
/** Types of failures that would only come again. */
const LASTING: readonly string[] = [...INPUT, ...emptyResults];

/**
 * Makes sure that a run has come to its end.
 * @throws CliError when it did not complete, with the reason.
 */
export function assertCompleted({ run, state, failure, failureType = '' }: RunView): void {
  if (state === 'completed') return;
  const said = `run "${run}" ${state}${failure ? `: ${failure.join(': ')}` : ''}`;
  const remedy = LASTING.includes(failureType)
    ? ''
    : '\nthe same command starts it again and reuses what is stored';
  const exit = INPUT.includes(failureType) ? exitCode.badInput : exitCode.failed;
  throw new CliError(said + remedy, { exit });
}

/** Prints the figures of the rounds that have ended. */
export function printReports(run: string, { reports, leftOut }: RunReports, json?: boolean): void {
  print(
    json,
    { run, rounds: reports.map((report) => figures(report, leftOut)) },
    reports.map((report) => reportTables(report, leftOut)).join('\n\n'),
  );
}
