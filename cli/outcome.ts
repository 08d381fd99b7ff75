import type { RunReports } from '../client/runReports.ts';
import { dataSection } from '../core/report/data.ts';
import { roundSections } from '../core/report/round.ts';
import { print } from './context.ts';
import { terminal } from './terminal.ts';

/** Prints the figures of the rounds that have ended. */
export function printReports(reports: RunReports, json?: boolean): void {
  const { data, rounds } = reports;
  const sections = [...(data ? [dataSection(data)] : []), ...rounds.flatMap(roundSections)];
  print(json, reports, terminal(sections));
}
