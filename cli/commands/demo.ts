import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { readReports } from '../../client/runReports.ts';
import { type RunRequest, type RunState, runState, startRun } from '../../client/startRun.ts';
import type { Config } from '../../config/config.ts';
import { runPage, type StackPlace } from '../../stack/place.ts';
import { withStack } from '../../stack/withStack.ts';
import { type GlobalOptions, withClient } from '../context.ts';
import {
  cancelRuns,
  type DemoRequest,
  earlierAttempts,
  nextName,
  ownRun,
  prepare,
} from '../demoRuns.ts';
import { CliError } from '../errors.ts';
import { assertCompleted, printReports } from '../outcome.ts';
import { checkBeforeStart } from '../preflight.ts';
import { createDisplay, follow } from '../progress.ts';
import { addStackOptions, wholeNumber } from '../stackOptions.ts';

interface Options extends StackPlace, DemoRequest {
  fresh?: boolean;
  keep?: boolean;
  json?: string;
}

const size = wholeNumber(1);

export function addDemo(program: Command): void {
  addStackOptions(program.command('demo'))
    .description('fine-tune a small model with SemiEvol on the built-in task, and compare')
    .option('--labelled <n>', 'labelled examples', size, 40)
    .option('--unlabelled <n>', 'unlabelled examples', size, 300)
    .option('--test <n>', 'test examples', size, 300)
    .option('--seed <n>', 'draws data and samples', wholeNumber(0, 2 ** 31 - 1), 0)
    .option('--fresh', 'start anew, even when a run with these options is stored')
    .option('--keep', 'leave everything running until Ctrl-C')
    .option('--json <file>', 'write the figures to a file, too')
    .addHelpText(
      'after',
      '\nInterrupted, the same command goes on where it was.\n\nExample:\n  $ npm run demo -- --seed 1 --json demo.json',
    )
    .action((options: Options, command: Command) =>
      demo(options, command.optsWithGlobals<GlobalOptions>().config),
    );
}

async function demo(options: Options, configFile: string): Promise<void> {
  if (options.json) await assertWritable(options.json);
  const attempts = await earlierAttempts(options);
  const last = attempts.at(-1);
  const wanted = await prepare(options, last && !options.fresh ? last : nextName(options, last));

  const display = createDisplay();
  const say = (line: string) => display.say(line);
  say('starting Temporal, the engine and a worker');
  const interrupted = 'interrupted: the same command goes on where this one was';
  await withStack(options, { configFile, share: true, say, interrupted }, async (session) => {
    const { config, place, signal, shared } = session;
    await withClient(config, async (client) => {
      if (options.fresh) await cancelRuns(client, attempts);
      const run = await ownRun(client, options, wanted, say);
      const { name } = run.spec;
      const before = await ensureStarted(client, config, run);
      say(
        `${name} ${standing[before]}; in the Temporal UI: ${runPage(place, client.options.namespace, name)}`,
      );
      const view = await follow(client, name, config.temporal.taskQueue, display, signal);
      display.stop();
      assertCompleted(view);
      const finished = await readReports(client, config, name);
      printReports(finished);
      if (options.json) await writeFile(options.json, `${JSON.stringify(finished, null, 2)}\n`);
      if (before === 'completed') say('these figures were stored; --fresh starts anew');
    });
    if (!options.keep || shared) return;
    say('everything is still running; Ctrl-C stops it');
    await once(signal, 'abort');
  }).finally(() => display.stop());
}

const standing: Record<RunState, string> = {
  none: 'starts',
  'ended-early': 'starts again and reuses what is stored',
  running: 'goes on',
  completed: 'has completed before',
};

async function ensureStarted(client: Client, config: Config, run: RunRequest): Promise<RunState> {
  const before = await runState(client, run.spec.name);
  if (before === 'none' || before === 'ended-early') {
    await checkBeforeStart(run, config);
    await startRun(client, config.temporal.taskQueue, run);
  }
  return before;
}

/** Now rather than after the run. */
async function assertWritable(file: string): Promise<void> {
  try {
    await access(dirname(resolve(file)), constants.W_OK);
  } catch (error) {
    throw new CliError(
      `--json ${file}: its folder is missing or cannot be written to: make it, or name another`,
      { cause: error },
    );
  }
}
