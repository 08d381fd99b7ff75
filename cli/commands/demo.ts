import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { OpenAI } from 'openai';
import type { WorkState } from '../../client/handle.ts';
import type { Config } from '../../config/config.ts';
import { count, roughly } from '../../core/report/format.ts';
import { latestSections } from '../../core/report/latest.ts';
import type { DemoSizes } from '../../demo/data.ts';
import { type DemoForecast, fittingSizes, forecast, totalOfRounds } from '../../demo/estimate.ts';
import { demoSpec } from '../../demo/spec.ts';
import { measureSpeed } from '../../demo/speed.ts';
import { runPage, type StackPlace } from '../../stack/place.ts';
import { withStack } from '../../stack/withStack.ts';
import { type GlobalOptions, print, withClient } from '../context.ts';
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
      const plan = last ? undefined : await planFor(options, config, signal);
      if (plan) say(planLine(plan));
      const attempt = last ?? nextAttempt(plan!.sizes, options.seed, attempts);
      const run = await ownRun(client, options.state, attempt, say);
      const { name } = run.spec;
      const before = await client.stateOf(name);
      if (before === 'none' || before === 'ended-early') await client.check(run.spec, run);
      const handle = await client.start(run.spec, run);
      const page = runPage(place, client.temporal.options.namespace, name);
      say(`${name} ${STANDING[before]}; in the Temporal UI: ${page}`);
      await Promise.all([
        follow(handle, display, signal, plan?.forecast),
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

/** Sizes, and how long the demo will take with them. */
interface Plan {
  sizes: DemoSizes;
  /** Of the phases of a round. */
  forecast: DemoForecast;
  /** Of all rounds, in seconds. */
  total: number;
}

/** What is asked for, and where sizes are left out as much as this machine does in time. */
async function planFor(request: DemoRequest, config: Config, signal: AbortSignal): Promise<Plan> {
  const spec = demoSpec('measured', request.seed);
  const { baseURL } = config.endpoints[spec.model.endpoint]!;
  const speed = await measureSpeed(new OpenAI({ baseURL, apiKey: 'none' }), spec, signal);
  const sizes = fittingSizes(spec, request, speed);
  const total = totalOfRounds(spec, sizes, speed);
  return { sizes, forecast: forecast(spec, sizes, speed), total };
}

function planLine({ sizes, total }: Plan): string {
  const { labelled, unlabelled, test, rounds = 1 } = sizes;
  const amounts = `${count(labelled)} labelled, ${count(unlabelled)} unlabelled and ${count(test)} test examples`;
  const parts = rounds > 1 ? `, the unlabelled in ${rounds} parts, one before each round` : '';
  return `${amounts}${parts}: about ${roughly(total)} on this machine`;
}

const STANDING: Record<WorkState, string> = {
  none: 'starts',
  'ended-early': 'starts again and reuses what is stored',
  running: 'goes on',
  completed: 'has completed before',
};
