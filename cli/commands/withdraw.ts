import type { Command } from 'commander';
import { arrivedText } from '../arrived.ts';
import { configOf, print, withClient } from '../context.ts';
import { CliError } from '../errors.ts';

interface Options {
  rows?: string[];
  segment?: number[];
  json?: boolean;
}

export default async function withdraw(
  run: string,
  { rows, segment, json }: Options,
  command: Command,
): Promise<void> {
  if (!rows && !segment) throw new CliError('say what is to be struck out: --rows or --segment');
  const arrival = {
    ...(rows && { withdrawn: rows }),
    ...(segment && { withdrawnSegments: segment }),
    folder: process.cwd(),
  };
  const arrived = await withClient(await configOf(command), (client) =>
    client.get(run).add(arrival),
  );
  print(json, { run, ...arrived }, arrivedText(run, arrived));
}
