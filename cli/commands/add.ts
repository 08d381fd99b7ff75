import type { Command } from 'commander';
import type { Arrival } from '../../core/living/arrival.ts';
import { arrivedText } from '../arrived.ts';
import { configOf, print, withClient } from '../context.ts';
import { CliError } from '../errors.ts';

type Options = Pick<Arrival, 'labelled' | 'unlabelled' | 'test'> & { json?: boolean };

export default async function add(
  run: string,
  { json, ...files }: Options,
  command: Command,
): Promise<void> {
  if (Object.keys(files).length === 0)
    throw new CliError('name files: --unlabelled, --labelled or --test');
  const arrival: Arrival = { ...files, folder: process.cwd() };
  const arrived = await withClient(await configOf(command), (client) =>
    client.get(run).add(arrival),
  );
  print(json, { run, ...arrived }, arrivedText(run, arrived));
}
