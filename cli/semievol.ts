import { Command } from 'commander';
import packageJson from 'semievol/package.json' with { type: 'json' };
import { messagesOf } from '../core/errors.ts';
import { runCommandLine } from './commandLine.ts';
import { addCommands } from './commands.ts';
import type { GlobalOptions } from './context.ts';
import { EXIT_CODE, exitCodeOf } from './errors.ts';

const program = new Command('semievol')
  .description(packageJson.description)
  .version(packageJson.version)
  .option('-c, --config <file>', 'configuration', 'temporal.config.ts')
  .option('-v, --verbose', 'show more; with an error, its stack')
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('("semievol help COMMAND" shows how it is used)')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed, 2 wrong usage or input (nothing was spent), 130 interrupted.\n\nExample:\n  $ semievol dev                                                       (one terminal)\n  $ semievol run examples/paper/fpb.yaml --data ../data/fpb --follow         (another)',
  )
  .exitOverride()
  .hook('preAction', async () => {
    const { useProxies } = await import('./proxies.ts');
    const { trustCertificates } = await import('./certificates.ts');
    useProxies();
    trustCertificates();
  });

addCommands(program);

// A reader such as `head` may have seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT_CODE.ok);
});

await runCommandLine(program, text);

function text(error: unknown): string {
  const { verbose } = program.opts<GlobalOptions>();
  if (error instanceof Error && (verbose || process.env.DEBUG)) return String(error.stack);
  // An error that is the user's to mend says all in its own message.
  const messages = messagesOf(error);
  return (exitCodeOf(error) === EXIT_CODE.failed ? messages : messages.slice(0, 1)).join('\n  ');
}
