import type { Command } from 'commander';
import { configOf, print, withClient } from '../context.ts';

/** Prints the name alone, so that a script can take it. */
export default async function champion(
  run: string,
  { json }: { json?: boolean },
  command: Command,
): Promise<void> {
  const { champion, promotions, models } = await withClient(await configOf(command), (client) =>
    client.get(run).lineage(),
  );
  const { endpoint } = models.find(({ name }) => name === champion) ?? models[0]!;
  print(json, { run, endpoint, ...promotions.at(-1)! }, champion);
}
