import { resolve } from 'node:path';
import type { Command } from 'commander';
import { configOf, print, withClient } from '../context.ts';
import { CliError } from '../errors.ts';

interface Options {
  from?: string;
  every: number;
  stop?: boolean;
  json?: boolean;
}

export default async function collect(
  run: string,
  { from, every, stop, json }: Options,
  command: Command,
): Promise<void> {
  if (!stop && from === undefined) throw new CliError('name a folder to watch: --from');
  await withClient(await configOf(command), async (client) => {
    const handle = client.get(run);
    if (stop) {
      const was = await handle.stopCollecting();
      const text = was ? 'no folder is watched any more' : 'no folder was watched';
      print(json, { run, watched: false }, `"${run}": ${text}`);
      return;
    }
    const folder = resolve(from!);
    await handle.collect({ from: folder, everyMinutes: every });
    print(
      json,
      { run, watched: folder, everyMinutes: every },
      `"${run}" takes what comes to ${folder}, and looks every ${every} minutes; "semievol collect ${run} --stop" ends it`,
    );
  });
}
