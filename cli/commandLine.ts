import { type Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { EXIT_CODE, exitCodeOf } from './errors.ts';

/**
 * Runs the command that was typed, and ends the process: what a command left open, such as a
 * connection that was refused, must not keep it. An error is told on stderr, and the exit code says
 * how it ended.
 * @param program one that throws instead of exiting
 * @param tell what is said of an error
 */
export async function runCommandLine(
  program: Command,
  tell: (error: unknown) => string,
): Promise<never> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError)
      process.exitCode = error.exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.badInput;
    else {
      process.stderr.write(`${pc.red('error:')} ${tell(error)}\n`);
      process.exitCode = exitCodeOf(error);
    }
  }
  process.exit();
}
