import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { StartCheck } from '../../client/check.ts';
import type { RunHandle } from '../../client/runHandle.ts';
import { Registry } from '../../core/registry.ts';
import { fileLine } from '../../core/report/data.ts';
import { printable } from '../../core/text.ts';
import { Interrupted, onInterrupt } from '../../stack/interrupt.ts';
import { configOf, print, withClient } from '../context.ts';
import { EXIT_CODE } from '../errors.ts';
import { printReports } from '../outcome.ts';
import { createDisplay, follow } from '../progress.ts';
import { remarksOf } from '../remarks.ts';
import { readRunSpec } from '../specFile.ts';

interface Options {
  data?: string;
  follow?: boolean;
  json?: boolean;
}

export default async function run(file: string, options: Options, command: Command): Promise<void> {
  const config = await configOf(command);
  const spec = await readRunSpec(file, new Registry(config.extensions));
  const place = { folder: resolve(options.data ?? dirname(file)) };
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  await withClient(config, async (client) => {
    const before = await client.stateOf(spec.name);
    const begins = before === 'none' || before === 'ended-early';
    if (begins) say(linesOf(await client.check(spec, place)));
    const handle = await client.start(spec, place);
    const { name } = handle;
    if (before === 'completed') {
      printReports(await handle.reports(), options.json);
      say(`run "${name}" has completed before; for another run change name in ${printable(file)}`);
    } else if (options.follow) {
      await followToEnd(handle);
      printReports(await handle.reports(), options.json);
    } else {
      print(
        options.json,
        { run: name, started: begins },
        `run "${name}" ${begins ? 'started' : 'is running already'}: "semievol status ${name}" shows it, the same command with --follow follows it`,
      );
      if (!(await client.hasWorker()))
        say(
          `no worker is polling task queue "${config.temporal.taskQueue}" yet: start one with "semievol worker" (or "semievol dev")`,
        );
    }
  });
}

/** What the data files hold, and what there is to be told and warned of. */
function linesOf({ files, unread, notes, warnings }: StartCheck): string {
  return [
    ...files.map(fileLine),
    ...unread.map((name) => `${name}: only its first rows were looked at; the worker reads it all`),
    ...remarksOf({ notes, warnings }),
  ].join('\n');
}

/** @throws RunFailed, or Interrupted; the run goes on then. */
async function followToEnd(run: RunHandle): Promise<void> {
  const interruption = onInterrupt(() => process.exit(EXIT_CODE.interrupted));
  const display = createDisplay();
  try {
    await follow(run, display, interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    throw new Interrupted(
      `the run goes on: "semievol status ${run.name}" shows it, "semievol cancel ${run.name}" ends it`,
    );
  } finally {
    display.stop();
    interruption.release();
  }
}
