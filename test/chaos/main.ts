import { Command, InvalidArgumentError, Option } from 'commander';
import { JOBS_AT_LIMIT, type JobsAtLimit } from '../../core/budget.ts';
import { chaos } from './chaos.ts';
import { PLACES, type PlaceName } from './places/index.ts';
import { polite } from './polite.ts';
import { runAsProgram } from './program.ts';
import type { Setting } from './setting.ts';

/** `npm run chaos`: see the description. */

interface Options {
  kills: number;
  serverRestarts: number;
  faultRate: number;
  seed: number;
  polite: boolean;
  place: PlaceName;
  budget?: JobsAtLimit;
  small: boolean;
  json?: string;
  keep?: string;
}

const count = (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Give a whole number from 0 on.');
  return value;
};
const share = (text: string): number => {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('Give a number from 0 to 1.');
  return value;
};

const options: Options = new Command('npm run chaos --')
  .description(
    'Runs an evolution of two rounds twice, with real workers, a real Temporal server and a stand-in for the provider: undisturbed, then with kill -9 of all of them and faults of the provider. Compares all final tables and the lineage of the models, and what the runs say that they have paid for with the records of the providers. Exit code 1: something was lost, made or paid for twice, left running, or is different.',
  )
  .addOption(
    new Option(
      '--polite',
      'disturbs without violence instead: a maintenance page with status 200 for 45 s, HTML 404 and 403 for 10 s, a Retry-After of a day for 6 s, a full store for a minute, data files cut and deleted, a text in every split that the provider fails on; then a worker stopped for 20 s while the provider answers otherwise each time. Checks that the reports equal the tables, too',
    )
      .conflicts(['kills', 'serverRestarts', 'faultRate', 'place', 'budget'])
      .default(false),
  )
  .addOption(
    new Option(
      '--place <name>',
      `where its requests and jobs go: ${Object.entries(PLACES)
        .map(([name, { about }]) => `${name}, ${about}`)
        .join('; ')}`,
    )
      .choices(Object.keys(PLACES))
      .default('gateway'),
  )
  .addOption(
    new Option(
      '--budget <jobs>',
      'it has a budget, which is reached and raised twice; jobs under way then finish, or are cancelled: for that it is once set below what is reserved for one, too',
    ).choices(JOBS_AT_LIMIT),
  )
  .option('--small', 'on half of the data, with a quicker provider', false)
  .option('--kills <n>', 'of workers and, a fifth of them, of what answers', count, 20)
  .option('--server-restarts <n>', 'kills of the Temporal server, in addition', count, 3)
  .option('--fault-rate <share>', 'of the requests to the provider, 0 to 1', share, 0.1)
  .option('--seed <n>', 'of answers, faults and the moments of the kills', count, 1)
  .option('--json <file>', 'writes the result there, too')
  .option('--keep <folder>', 'keeps stores and logs there')
  .parse()
  .opts();

const USUAL = {
  sizes: { labelled: 30, unlabelled: 80, test: 30 },
  latencyMs: 150,
  pollSeconds: 0.5,
};
const SMALL = {
  sizes: { labelled: 20, unlabelled: 40, test: 20 },
  latencyMs: 60,
  pollSeconds: 0.2,
};

await runAsProgram('chaos', options, (stage) => {
  const setting: Setting = { seed: options.seed, ...(options.small ? SMALL : USUAL), ...stage };
  return options.polite ? polite({ ...setting, scale: 1 }) : chaos({ ...setting, ...options });
});
