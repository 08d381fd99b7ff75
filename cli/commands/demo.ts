import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { RunSpec } from '../../core/spec.ts';
import { demoSpec } from '../../demo/spec.ts';
import { type DemoSizes, writeDemoData } from '../../demo/wordnet.ts';
import type { Config } from '../../workers/config.ts';
import { type GlobalOptions, withClient } from '../context.ts';
import { CliError } from '../errors.ts';
import { figures } from '../figures.ts';
import { printOutcome } from '../outcome.ts';
import { checkBeforeStart } from '../preflight.ts';
import { createDisplay, follow } from '../progress.ts';
import { withDataFolder } from '../run-spec.ts';
import type { RunView } from '../run-view.ts';
import { addStackOptions, wholeNumber } from '../stack-options.ts';
import { runPage, type StackPlace } from '../stack-place.ts';
import { type RunState, runState, startRun } from '../start-run.ts';
import { withStack } from '../with-stack.ts';

interface Options extends StackPlace, DemoSizes {
  seed: number;
  fresh?: boolean;
  keep?: boolean;
  json?: string;
}

const size = wholeNumber(1);

export function addDemo(program: Command): void {
  addStackOptions(program.command('demo'))
    .description('fine-tune a small model with SemiEvol on the built-in task, and compare')
    .option('--labelled <n>', 'labelled examples', size, 40)
    .option('--unlabelled <n>', 'unlabelled examples', size, 200)
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
  const name = (!options.fresh && attempts.at(-1)) || nextName(options, attempts);
  const folder = join(demoFolder(options), name);
  await writeData(folder, options);
  const spec = withDataFolder(demoSpec(name, options.seed), folder);

  const display = createDisplay();
  const say = (line: string) => display.say(line);
  say('starting Temporal, the engine and a worker');
  const interrupted = 'interrupted: the same command goes on where this one was';
  await withStack(options, { configFile, share: true, say, interrupted }, async (session) => {
    const { config, place, signal, shared } = session;
    await withClient(config, async (client) => {
      if (options.fresh) await cancelRuns(client, attempts);
      const before = await ensureStarted(client, config, spec);
      say(
        `${name} ${standing[before]}; in the Temporal UI: ${runPage(place, client.options.namespace, name)}`,
      );
      const view = await follow(client, name, config.temporal.taskQueue, display, signal);
      display.stop();
      printOutcome(view);
      if (options.json) await writeFigures(options.json, view);
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

async function ensureStarted(client: Client, config: Config, spec: RunSpec): Promise<RunState> {
  const before = await runState(client, spec.name);
  if (before === 'none' || before === 'ended-early') {
    await checkBeforeStart(spec, config);
    await startRun(client, config.temporal.taskQueue, spec);
  }
  return before;
}

const demoFolder = ({ state }: Options) => resolve(state, 'demo');

const baseName = ({ labelled, unlabelled, test, seed }: Options) =>
  `demo-l${labelled}-u${unlabelled}-t${test}-s${seed}`;

/** Names of the runs with these options so far, oldest first: each has its folder of data. */
async function earlierAttempts(options: Options): Promise<string[]> {
  const base = baseName(options);
  const folders = await readdir(demoFolder(options)).catch(() => []);
  return folders
    .filter((name) => name === base || name.startsWith(`${base}.`))
    .sort((a, b) => attemptOf(a) - attemptOf(b));
}

const attemptOf = (name: string) => Number(name.split('.')[1] ?? 1);

function nextName(options: Options, attempts: string[]): string {
  const last = attempts.at(-1);
  return last ? `${baseName(options)}.${attemptOf(last) + 1}` : baseName(options);
}

async function writeData(folder: string, options: Options): Promise<void> {
  try {
    await writeDemoData(folder, options, options.seed);
  } catch (error) {
    if (error instanceof RangeError) throw new CliError(error.message);
    throw error;
  }
}

/** A run begun anew must not share the machine with its predecessors. */
async function cancelRuns(client: Client, runs: string[]): Promise<void> {
  for (const run of runs) {
    if ((await runState(client, run)) !== 'running') continue;
    const handle = client.workflow.getHandle(run);
    await handle.cancel();
    await handle.result().catch(() => undefined);
  }
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

async function writeFigures(file: string, { status }: RunView): Promise<void> {
  const report = status?.reports.at(-1);
  if (report) await writeFile(file, `${JSON.stringify(figures(report), null, 2)}\n`);
}
