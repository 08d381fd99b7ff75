import { once } from 'node:events';
import type { Command } from 'commander';
import pc from 'picocolors';
import { type StackPlace, stackEnvironment } from '../../stack/place.ts';
import { withStack } from '../../stack/withStack.ts';
import type { GlobalOptions } from '../context.ts';
import { addStackOptions } from '../stackOptions.ts';

export function addDev(program: Command): void {
  addStackOptions(program.command('dev'))
    .description('run the Temporal dev server, the engine and a worker until Ctrl-C')
    .option('--json', 'print the addresses, as environment variables, once all is ready')
    .addHelpText(
      'after',
      '\nWith --verbose the output of all three is shown; it is always in the logs. A service that\ncrashes is started again. Ctrl-C stops all in order, a second one at once.\n\nExample:\n  $ semievol dev --temporal-port 7300 --ui-port 8300\nand in another terminal\n  $ TEMPORAL_ADDRESS=127.0.0.1:7300 semievol status',
    )
    .action(async (place: StackPlace & { json?: boolean }, command: Command) => {
      const { config: configFile, verbose } = command.optsWithGlobals<GlobalOptions>();
      const say = (line: string) => void process.stderr.write(`${line}\n`);
      const output = (service: string, line: string) => say(`${pc.dim(service.padEnd(8))} ${line}`);
      const options = {
        configFile,
        say,
        output: verbose ? output : undefined,
        interrupted: 'interrupted before all was ready',
      };
      await withStack(place, options, async ({ signal }) => {
        if (place.json) process.stdout.write(`${JSON.stringify(stackEnvironment(place))}\n`);
        say('ready; Ctrl-C stops all');
        await once(signal, 'abort');
      });
    });
}
