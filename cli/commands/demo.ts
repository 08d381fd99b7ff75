import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { OpenAI } from 'openai';
import type { WorkState } from '../../client/handle.ts';
import type { Config } from '../../config/config.ts';
import { latestSections } from '../../core/report/latest.ts';
import type { DemoSizes } from '../../demo/data.ts';
import { fittingSizes } from '../../demo/estimate.ts';
import { demoSpec } from '../../demo/spec.ts';
import { measureSpeed } from '../../demo/speed.ts';
import { runPage, type StackPlace } from '../../stack/place.ts';
import { withStack } from '../../stack/withStack.ts';
import { type GlobalOptions, print, withClient } from '../context.ts';
import { keepSpeed, keptSpeed, planOfDemo } from '../demoPlan.ts';
import {
  assertEnough,
  cancelRuns,
  type DemoRequest,
  earlierAttempts,
  feed,
  nameOf,
  nextAttempt,
  ownRun,
} from '../demoRuns.ts';
import { assertWritable, printReports } from '../outcome.ts';
import { createDisplay, follow } from '../progress.ts';
import { terminal } from '../terminal.ts';

interface Options extends StackPlace, DemoRequest {
  fresh?: boolean;
  keep?: boolean;
  json?: string;
}

export default async function demo(options: Options, command: Command): Promise<void> {
  const configFile = command.optsWithGlobals<GlobalOptions>().config;
  if (options.json) await assertWritable('--json', options.json);
  const attempts = await earlierAttempts(options);
  const last = options.fresh ? undefined : attempts.at(-1);
  if (!last) await assertEnough(options);

  const display = createDisplay();
  const say = (line: string) => display.say(line);
  say('starting Temporal, the engine and a worker');
  const interrupted = 'interrupted: the same command goes on where this one was';
  await withStack(options, { configFile, share: true, say, interrupted }, async (session) => {
    const { config, place, signal, shared } = session;
    await withClient(config, async (client) => {
      if (options.fresh) await cancelRuns(client, attempts.map(nameOf));
      const begun = last ? undefined : await measured(options, config, signal);
      const attempt = last ?? nextAttempt(begun!.sizes, options.seed, attempts);
      const run = await ownRun(client, options.state, attempt, say);
      if (begun) await keepSpeed(run, begun.speed);
      const plan = planOfDemo(run.spec, attempt, await keptSpeed(run));
      const { name } = run.spec;
      const before = await client.stateOf(name);
      if (before === 'none' || before === 'ended-early') await client.check(run.spec, run);
      if (before !== 'completed') say(plan.line);
      const handle = await client.start(run.spec, run);
      const page = runPage(place, client.temporal.options.namespace, name);
      say(`${name} ${STANDING[before]}; in the Temporal UI: ${page}`);
      await Promise.all([
        follow(handle, display, signal, plan.forecast),
        attempt.rounds && feed(handle, run.folder, { signal, say }),
      ]);
      const finished = await handle.reports();
      printReports(finished);
      if (attempt.rounds) {
        const { latest } = await handle.result();
        print(false, latest, terminal(latestSections(latest)));
      }
      if (options.json) await writeFile(options.json, `${JSON.stringify(finished, null, 2)}\n`);
      if (before === 'completed') say('these figures were stored; --fresh starts anew');
    });
    if (!options.keep || shared) return;
    say('everything is still running; Ctrl-C stops it');
    await once(signal, 'abort');
  }).finally(() => display.stop());
}

/** What a demo comes to that was measured. */
interface Measured {
  sizes: DemoSizes;
  /** Tokens a second that the machine does. */
  speed: number;
}

/** What is asked for, and where sizes are left out as much as this machine does in time. */
async function measured(
  request: DemoRequest,
  config: Config,
  signal: AbortSignal,
): Promise<Measured> {
  const spec = demoSpec('measured', request.seed);
  const { baseURL } = config.endpoints[spec.model.endpoint]!;
  const speed = await measureSpeed(new OpenAI({ baseURL, apiKey: 'none' }), spec, signal);
  return { sizes: fittingSizes(spec, request, speed), speed };
}

const STANDING: Record<WorkState, string> = {
  none: 'starts',
  'ended-early': 'starts again and reuses what is stored',
  running: 'goes on',
  completed: 'has completed before',
};
