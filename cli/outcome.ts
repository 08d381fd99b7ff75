import type { RunReports } from '../client/runReports.ts';
import type { RunView } from '../client/runView.ts';
import { failureKind } from '../core/failures.ts';
import { dataSection } from '../core/report/data.ts';
import { roundSections } from '../core/report/round.ts';
import { print } from './context.ts';
import { CliError, exitCode } from './errors.ts';
import { terminal } from './terminal.ts';

/**
 * Makes sure that a run has come to its end.
 * @throws CliError when it did not complete, with the reason.
 */
export function assertCompleted({ run, state, failure, failureType }: RunView): void {
  if (state === 'completed') return;
  const said = `run "${run}" ${state}${failure ? `: ${failure.join(': ')}` : ''}`;
  const { outlook = 'again' } = failureKind(failureType) ?? {};
  const remedy =
    outlook === 'again' ? '\nthe same command starts it again and reuses what is stored' : '';
  const exit = outlook === 'input' ? exitCode.badInput : exitCode.failed;
  throw new CliError(said + remedy, { exit });
}

/** Prints the figures of the rounds that have ended. */
export function printReports(reports: RunReports, json?: boolean): void {
  const { data, rounds } = reports;
  const sections = [...(data ? [dataSection(data)] : []), ...rounds.flatMap(roundSections)];
  print(json, reports, terminal(sections));
}
