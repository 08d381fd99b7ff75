import { once } from 'node:events';
import type { Command } from 'commander';
import pc from 'picocolors';
import { type StackPlace, stackEnvironment } from '../../stack/place.ts';
import { withStack } from '../../stack/withStack.ts';
import type { GlobalOptions } from '../context.ts';

export default async function dev(
  place: StackPlace & { json?: boolean; model?: string[] },
  command: Command,
): Promise<void> {
  const { config: configFile, verbose } = command.optsWithGlobals<GlobalOptions>();
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const output = (service: string, line: string) => say(`${pc.dim(service.padEnd(8))} ${line}`);
  const options = {
    configFile,
    models: place.model,
    say,
    output: verbose ? output : undefined,
    interrupted: 'interrupted before all was ready',
  };
  await withStack(place, options, async ({ signal }) => {
    if (place.json) process.stdout.write(`${JSON.stringify(stackEnvironment(place))}\n`);
    say('ready; Ctrl-C stops all');
    await once(signal, 'abort');
  });
}
