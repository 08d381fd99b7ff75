import type { Command } from 'commander';
import type { Lineage } from '../../core/lineage/tree.ts';
import { configOf, print, withClient } from '../context.ts';
import { CliError } from '../errors.ts';
import { type SignedOptions, signed } from '../signed.ts';

/** Makes a model of the run its champion. */
export default async function promote(
  run: string,
  model: string,
  options: SignedOptions,
  command: Command,
): Promise<void> {
  await withClient(await configOf(command), async (client) => {
    const handle = client.get(run);
    assertKnown(run, model, await handle.lineage());
    const { champion } = await handle.setChampion({ model, ...signed(options) });
    print(options.json, { run, champion }, `${champion} is the champion of "${run}"`);
  });
}

/** @throws CliError with the models that there are */
function assertKnown(run: string, model: string, { models }: Lineage): void {
  if (models.some(({ name }) => name === model)) return;
  const names = models.map(({ name }) => name).join(', ');
  throw new CliError(`run "${run}" has no model "${model}": name one of ${names}`);
}
