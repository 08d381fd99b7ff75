import type { Command } from 'commander';
import { configOf, print, withClient } from '../context.ts';
import { CliError } from '../errors.ts';
import { type SignedOptions, signed } from '../signed.ts';

interface Options extends SignedOptions {
  approve?: boolean;
  refuse?: boolean;
}

/** Says whether the challenger that a run waits with becomes its champion. */
export default async function decide(
  run: string,
  { approve = false, refuse = false, ...options }: Options,
  command: Command,
): Promise<void> {
  if (approve === refuse)
    throw new CliError('say what becomes of the challenger: --approve or --refuse');
  const round = await withClient(await configOf(command), async (client) => {
    const handle = client.get(run);
    const { status } = await handle.status();
    if (!status)
      throw new CliError(`no worker says how "${run}" is: start one ("semievol worker")`);
    await handle.decide({ round: status.round, approve, ...signed(options) });
    return status.round;
  });
  const said = approve ? 'is the champion now' : 'does not become the champion';
  print(
    options.json,
    { run, round, approve },
    `the challenger of round ${round} of "${run}" ${said}`,
  );
}
