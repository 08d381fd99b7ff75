import { Command, InvalidArgumentError } from 'commander';
import { runAsProgram } from '../program.ts';
import { months } from './months.ts';

/** `npm run months`: see the description. */

const from = (least: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least)
    throw new InvalidArgumentError(`Give a whole number from ${least} on.`);
  return value;
};

interface Options {
  rounds: number;
  segments: number;
  deploys: number;
  kills: number;
  serverRestarts: number;
  seed: number;
  json?: string;
  keep?: string;
}

const options: Options = new Command('npm run months --')
  .description(
    'Lets a run live for two simulated months, twice at the same time: undisturbed, and with deploys, kill -9 of workers and of the Temporal server, and an endpoint that is away for a day. Data come in by command, client, watched folder and schedule, some of which contradict, repeat or withdraw earlier ones; two people review, promote and roll back; rounds begin by number, by time and by hand. Compares all that both leave behind. Exit code 1: something was lost, asked or paid for twice, left running, too long, or is different.',
  )
  .option('--rounds <n>', 'rounds', from(5), 50)
  .option('--segments <n>', 'arrivals; no fewer than rounds', from(5), 120)
  .option('--deploys <n>', 'new builds of the workers', from(0), 3)
  .option('--kills <n>', 'of workers', from(0), 8)
  .option('--server-restarts <n>', 'kills of the Temporal server', from(0), 3)
  .option('--seed <n>', 'of the calendar and the answers', from(0), 1)
  .option('--json <file>', 'writes the result there, too')
  .option('--keep <folder>', 'keeps stores and logs there')
  .parse()
  .opts();

await runAsProgram('months', options, (stage) =>
  months({ ...options, latencyMs: 40, pollSeconds: 0.1, ...stage }),
);
