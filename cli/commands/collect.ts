import { resolve } from 'node:path';
import type { Command } from 'commander';
import { isUrl } from '../../core/url.ts';
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
  if (!stop && from === undefined)
    throw new CliError('name a folder, or an s3:// prefix, to watch: --from');
  await withClient(await configOf(command), async (client) => {
    const handle = client.get(run);
    if (stop) {
      const was = await handle.stopCollecting();
      const text = was ? 'nothing is watched any more' : 'nothing was watched';
      print(json, { run, watched: false }, `"${run}": ${text}`);
      return;
    }
    const place = isUrl(from!) ? from! : resolve(from!);
    await handle.collect({ from: place, everyMinutes: every });
    print(
      json,
      { run, watched: place, everyMinutes: every },
      `"${run}" takes what comes to ${place}, and looks every ${every} minutes; "semievol collect ${run} --stop" ends it`,
    );
  });
}
