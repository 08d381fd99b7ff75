import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { RunReports } from '../client/runReports.ts';
import { dataSection } from '../core/report/data.ts';
import { droppedSections } from '../core/report/dropped.ts';
import { roundSections } from '../core/report/round.ts';
import { segmentSections } from '../core/report/segments.ts';
import { print } from './context.ts';
import { CliError } from './errors.ts';
import { terminal } from './terminal.ts';

/** Prints the figures of the rounds that have ended. */
export function printReports(reports: RunReports, json?: boolean): void {
  const { data, rounds, dropped, segments } = reports;
  const sections = [
    ...(data ? [dataSection(data)] : []),
    ...segmentSections(segments),
    ...rounds.flatMap(roundSections),
    ...droppedSections(dropped),
  ];
  print(json, reports, terminal(sections));
}

/**
 * Makes sure that a file can be written, now rather than after a run.
 * @param option that names it
 * @throws CliError
 */
export async function assertWritable(option: string, file: string): Promise<void> {
  try {
    await access(dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw new CliError(
      `${option} ${file}: its folder is missing or cannot be written to: make it, or name another`,
      { cause: error },
    );
  }
}
