import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { configOf, print, withClient } from '../context.ts';
import { CliError } from '../errors.ts';

interface Options {
  approve?: boolean;
  refuse?: boolean;
  reason: string;
  by?: string;
  json?: boolean;
}

/** Says whether the challenger that a run waits with becomes its champion. */
export default async function decide(
  run: string,
  { approve = false, refuse = false, reason, by, json }: Options,
  command: Command,
): Promise<void> {
  if (approve === refuse)
    throw new CliError('say what becomes of the challenger: --approve or --refuse');
  const name = by ?? userInfo().username;
  const round = await withClient(await configOf(command), async (client) => {
    const handle = client.get(run);
    const { status } = await handle.status();
    if (!status)
      throw new CliError(`no worker says how "${run}" is: start one ("semievol worker")`);
    await handle.decide({ round: status.round, approve, name, reason });
    return status.round;
  });
  const said = approve ? 'is the champion now' : 'does not become the champion';
  print(json, { run, round, approve }, `the challenger of round ${round} of "${run}" ${said}`);
}
