import { dirname, resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { readReports } from '../../client/runReports.ts';
import type { RunView } from '../../client/runView.ts';
import { difference, runState, startRun } from '../../client/startRun.ts';
import { isPolled } from '../../client/taskQueue.ts';
import type { Config } from '../../config/config.ts';
import { Registry } from '../../core/registry.ts';
import { fileLine } from '../../core/report/data.ts';
import { printable } from '../../core/text.ts';
import { onInterrupt } from '../../stack/interrupt.ts';
import { configOf, print, withClient } from '../context.ts';
import { CliError, exitCode } from '../errors.ts';
import { assertCompleted, printReports } from '../outcome.ts';
import { checkBeforeStart } from '../preflight.ts';
import { createDisplay, follow } from '../progress.ts';
import { readRunSpec } from '../specFile.ts';

interface Options {
  data?: string;
  follow?: boolean;
  json?: boolean;
}

export function addRun(program: Command): void {
  program
    .command('run')
    .description('start a run; attach to it when it is running already')
    .argument('<spec>', 'YAML file that describes the run')
    .option('--data <folder>', "folder of the data files (default: the spec's own)")
    .option('-f, --follow', 'show progress until the run ends, then its figures')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe same spec again: attaches while the run goes on, starts it again after a failure (what is\nstored is reused), prints the figures once it has completed.\n\nExample:\n  $ semievol run examples/fpb.yaml --data ../data/fpb --follow',
    )
    .action((file: string, options: Options, command: Command) => run(file, options, command));
}

async function run(file: string, options: Options, command: Command): Promise<void> {
  const config = await configOf(command);
  const spec = await readRunSpec(file, new Registry(config.extensions));
  const request = { spec, folder: resolve(options.data ?? dirname(file)) };
  const { taskQueue } = config.temporal;
  await withClient(config, async (client) => {
    const before = await runState(client, spec.name);
    if (before === 'running' || before === 'completed') {
      const other = await difference(client, request);
      if (other)
        throw new CliError(
          `run "${spec.name}" was started with ${other === 'spec' ? `another spec than ${printable(file)} holds` : 'other data than the files hold'} now: change name in ${printable(file)} for another run`,
          { exit: exitCode.badInput },
        );
    }
    if (before === 'completed') {
      printReports(await readReports(client, config, spec.name), options.json);
      process.stderr.write(
        `run "${spec.name}" has completed before; for another run change name in ${printable(file)}\n`,
      );
      return;
    }
    if (before !== 'running') {
      const { files, unread } = await checkBeforeStart(request, config);
      const lines = [
        ...files.map(fileLine),
        ...unread.map(
          (name) => `${name}: only its first rows were looked at; the worker reads it all`,
        ),
      ];
      process.stderr.write(`${lines.join('\n')}\n`);
      await startRun(client, taskQueue, request);
    }
    if (options.follow) {
      assertCompleted(await followRun(client, config, spec.name));
      return printReports(await readReports(client, config, spec.name), options.json);
    }
    const attached = before === 'running';
    print(
      options.json,
      { run: spec.name, started: !attached },
      `run "${spec.name}" ${attached ? 'is running already' : 'started'}: "semievol status ${spec.name}" shows it, the same command with --follow follows it`,
    );
    if (!(await isPolled(client, taskQueue)))
      process.stderr.write(
        `no worker is polling task queue "${taskQueue}" yet: start one with "semievol worker" (or "semievol dev")\n`,
      );
  });
}

/** @throws CliError when interrupted; the run goes on. */
async function followRun(client: Client, config: Config, name: string): Promise<RunView> {
  const interruption = onInterrupt(() => process.exit(exitCode.interrupted));
  const display = createDisplay();
  try {
    return await follow(client, name, config.temporal.taskQueue, display, interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    throw new CliError(
      `the run goes on: "semievol status ${name}" shows it, "semievol cancel ${name}" ends it`,
      { exit: exitCode.interrupted },
    );
  } finally {
    display.stop();
    interruption.release();
  }
}
