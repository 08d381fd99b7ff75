import type { Command } from 'commander';
import { championBefore } from '../../core/lineage/champions.ts';
import { configOf, print, withClient } from '../context.ts';
import { CliError } from '../errors.ts';
import { type SignedOptions, signed } from '../signed.ts';

/** Makes the champion before the present one the champion again. */
export default async function rollback(
  run: string,
  options: SignedOptions,
  command: Command,
): Promise<void> {
  await withClient(await configOf(command), async (client) => {
    const handle = client.get(run);
    const { champion: from, promotions } = await handle.lineage();
    const model = championBefore(promotions);
    if (model === undefined)
      throw new CliError(
        `${from} is the first champion of run "${run}": there is none to go back to`,
      );
    const { champion } = await handle.setChampion({ model, ...signed(options) });
    print(
      options.json,
      { run, champion, from },
      `${champion} is the champion of "${run}" again, not ${from}`,
    );
  });
}
