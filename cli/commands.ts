import { type Command, Option } from 'commander';
import { findConfig } from '../config/find.ts';
import type { GlobalOptions } from './context.ts';
import { findGrid, findSpec } from './findSpec.ts';
import { addSignature, addStackOptions, positiveNumber, wholeNumber } from './options.ts';

const ON_TIME = 'as many as this machine does in ten minutes or so';

/** What a command does: its arguments, its options, and the command itself. */
type Action = (...given: never[]) => unknown;

/**
 * Declares every command. What one needs is loaded when it runs, so that help and mistyped commands
 * are answered at once.
 */
export function addCommands(program: Command): void {
  const size = wholeNumber(1);
  addStackOptions(program.command('demo'))
    .description('fine-tune a small model with SemiEvol on the built-in task, and compare')
    .option('--labelled <n>', 'labelled examples', size, 40)
    .option('--unlabelled <n>', `unlabelled examples (default: ${ON_TIME})`, size)
    .option('--test <n>', `test examples (default: ${ON_TIME})`, size)
    .option(
      '--rounds <n>',
      'rounds; the unlabelled examples come in as many parts, one before each',
      size,
      1,
    )
    .option('--seed <n>', 'draws data and samples', wholeNumber(0, 2 ** 31 - 1), 0)
    .option('--fresh', 'start anew, even when a run with these options is stored')
    .option('--keep', 'leave everything running until Ctrl-C')
    .option('--json <file>', 'write the figures to a file, too')
    .addHelpText(
      'after',
      '\nInterrupted, the same command goes on where it was.\n\nExample:\n  $ npm run demo -- --seed 1 --json demo.json',
    )
    .action(inProject(() => import('./commands/demo.ts')));

  addStackOptions(program.command('dev'))
    .description('run the Temporal dev server, the engine and a worker until Ctrl-C')
    .option(
      '--model <folder>',
      'serve this model too, by the name of its folder, or OWNER/NAME in the local Hugging Face cache; may be given again',
      (folder: string, others: string[] = []) => [...others, folder],
    )
    .option('--json', 'print the addresses, as environment variables, once all is ready')
    .addHelpText(
      'after',
      '\nWith --verbose the output of all three is shown; it is always in the logs. A service that\ncrashes is started again. Ctrl-C stops all in order, a second one at once.\n\nExample:\n  $ semievol dev --temporal-port 7300 --ui-port 8300\nand in another terminal\n  $ TEMPORAL_ADDRESS=127.0.0.1:7300 semievol status\n\nA model of your own, which specs name { endpoint: local, name: Qwen3-0.6B }:\n  $ semievol dev --model models/Qwen3-0.6B',
    )
    .action(inProject(() => import('./commands/dev.ts')));

  program
    .command('setup-namespace')
    .description('add the search attributes by which runs are found to the Temporal namespace')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nOnce for each namespace, by somebody who may administer it. Runs do without, but cannot be searched\nfor then, in the UI or by "temporal workflow list --query".\n\nExample:\n  $ semievol setup-namespace\n  $ temporal workflow list --query \'SemiEvolState = "paused"\'',
    )
    .action(inProject(() => import('./commands/setupNamespace.ts')));

  program
    .command('run')
    .description('start a run; attach to it when it is running already')
    .argument('<spec>', 'YAML file that describes the run', findSpec)
    .option('--data <folder>', "folder of the data files (default: the spec's own)")
    .option('-f, --follow', 'show progress until the run ends, then its figures')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe same spec again: attaches while the run goes on, starts it again after a failure (what is\nstored is reused), prints the figures once it has completed.\n\nExample:\n  $ semievol run examples/paper/fpb.yaml --data ../data/fpb --follow',
    )
    .action(inProject(() => import('./commands/run.ts')));

  program
    .command('plan')
    .description('say what a run would use and cost, what it would send, and what would fail')
    .argument('<spec>', 'YAML file that describes the run', findSpec)
    .option('--data <folder>', "folder of the data files (default: the spec's own)")
    .option('--probe', 'spend some requests to measure answers, and how long they take')
    .option('--json', 'print JSON, with each text as it would be sent')
    .addHelpText(
      'after',
      '\nNeeds no worker and no Temporal server, starts nothing and stores nothing. All data are read and\nchecked; prompts and rows are rendered as the run does it, and counted by the tokenizer of the\nmodel where it is at hand. Ends with 1 when something would fail: docs/plan.md.\n\nExample:\n  $ semievol plan examples/paper/fpb.yaml --data ../data/fpb',
    )
    .action(inProject(() => import('./commands/plan.ts')));

  program
    .command('reproduce')
    .description('run a grid: cells that differ in a thing or two, over seeds, and write one table')
    .argument('<grid>', 'YAML file that describes the grid', findGrid)
    .option('--data <folder>', "folder of the data files (default: that of the base's spec file)")
    .option(
      '--drawn <folder>',
      'where the data of the built-in task are written',
      '.semievol/grids',
    )
    .option('--json <file>', 'write the table, and the reports of all runs, to a file')
    .option('--csv <file>', 'write the table to a file')
    .option('--markdown <file>', 'write the table to a file')
    .addOption(
      new Option('--so-far', 'start nothing: write the table of what has completed').conflicts(
        'cancel',
      ),
    )
    .option('--cancel', 'end the grid where it is at work; what is stored stays')
    .addHelpText(
      'after',
      '\nNeeds a worker ("semievol dev", or your own). Ctrl-C leaves the grid at work, the same command\nfollows it again. Stopped or failed, it goes on with what has not completed; with more cells or\nseeds it runs what is new. Ends with 1 when a run has failed: the table says which and why.\n\nExample:\n  $ semievol dev                                                  (one terminal)\n  $ semievol reproduce examples/grids/small.yaml --markdown small.md     (another)',
    )
    .action(inProject(() => import('./commands/reproduce.ts')));

  program
    .command('status')
    .description('show one run, or list all of them')
    .argument('[run]', 'name of the run')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ semievol status fpb')
    .action(inProject(() => import('./commands/status.ts')));

  const controls = {
    pause: 'begin no new batch and no new phase; what is under way ends',
    resume: 'let a paused run go on',
    cancel: 'end a run and the fine-tuning job it waits for; what is stored stays',
  };
  for (const [name, description] of Object.entries(controls))
    program
      .command(name)
      .description(description)
      .argument('<run>', 'name of the run')
      .option('--json', 'print JSON')
      .addHelpText('after', `\nExample:\n  $ semievol ${name} fpb`)
      .action(inProject(() => import('./commands/control.ts')));

  program
    .command('next')
    .description('let the next round of a run begin, whatever else it would wait for')
    .argument('<run>', 'name of the run')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ semievol next tickets')
    .action(inProject(() => import('./commands/next.ts')));

  program
    .command('budget')
    .description('set what a run may spend; what a limit held back goes on')
    .argument('<run>', 'name of the run')
    .option('--usd <n>', 'US dollars', positiveNumber)
    .option('--tokens <n>', 'tokens of prompts, answers and training', positiveNumber)
    .option('--requests <n>', 'requests', positiveNumber)
    .option('--gpu-hours <n>', 'hours for which models are deployed', positiveNumber)
    .addOption(new Option('--per-round', 'what each round may').conflicts('phase'))
    .option('--phase <name>', 'what a phase of each round may')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nEach is the whole amount, not what is added; what is left out stays. docs/money.md says more.\n\nExample:\n  $ semievol budget fpb --usd 20',
    )
    .action(inProject(() => import('./commands/budget.ts')));

  const files = (split: string) => [`--${split} <files...>`, `${split} files, or URLs`] as const;
  program
    .command('add')
    .description('add data to a run; its next round works on them')
    .argument('<run>', 'name of the run')
    .option(...files('unlabelled'))
    .option(...files('labelled'))
    .option(...files('test'))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nFiles are read as the spec says, by the worker, from this folder or a URL. Says what was new: what\nis there already is left out, a newer gold answer takes the place of the older. docs/data.md says more.\n\nExample:\n  $ semievol add tickets --unlabelled june.csv --labelled corrected.csv',
    )
    .action(inProject(() => import('./commands/add.ts')));

  program
    .command('withdraw')
    .description('strike rows out of the data of a run')
    .argument('<run>', 'name of the run')
    .option('--rows <files...>', 'files with rows that are not to be there, and not to come again')
    .option(
      '--segment <n...>',
      'what came with an addition that was wrong; 0 is what the run began with',
      (given: string, others: number[] = []) => [...others, wholeNumber(0)(given)],
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nNo later round works on them. Models that have learned from them stay: "semievol models RUN\n--struck" names them. docs/data.md says more.\n\nExample:\n  $ semievol withdraw tickets --rows forget-me.csv',
    )
    .action(inProject(() => import('./commands/withdraw.ts')));

  program
    .command('review')
    .description('answer the examples that would teach a run most, here or by file')
    .argument('<run>', 'name of the run')
    .addOption(
      new Option('--export <file>', 'write examples to a file, to be answered elsewhere').conflicts(
        'import',
      ),
    )
    .option('--import <file>', 'take in a file with answers')
    .addOption(
      new Option('--format <layout>', 'of the file')
        .choices(['jsonl', 'label-studio', 'argilla'])
        .default('jsonl'),
    )
    .option('--count <n>', 'examples to export, at the most', wholeNumber(1, 500), 100)
    .option(
      '--hours <n>',
      'for how long nobody else gets what is exported (default: 24)',
      positiveNumber,
    )
    .option('--reviewer <name>', "who answers (default: this user's name)")
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nKeys: a digit chooses an answer, e to type one, b for a bad example, s to skip, u to undo, q to quit.\nWhat is answered is stored at once, and joins the data of the next round: docs/review.md.\n\nExample:\n  $ semievol review tickets\n  $ semievol review tickets --export tasks.json --format label-studio',
    )
    .action(inProject(() => import('./commands/review.ts')));

  addSignature(
    program
      .command('decide')
      .description('say whether the challenger that a run waits with becomes its champion')
      .argument('<run>', 'name of the run')
      .addOption(new Option('--approve', 'it does').conflicts('refuse'))
      .option('--refuse', 'it does not'),
  )
    .addHelpText(
      'after',
      '\nRuns wait so where the spec has gate.approval: person. docs/gate.md says more.\n\nExample:\n  $ semievol decide fpb --approve --reason "reads well on my own mails"',
    )
    .action(inProject(() => import('./commands/decide.ts')));

  program
    .command('collect')
    .description('watch a folder or a prefix of a bucket, and add to a run what comes to it')
    .argument('<run>', 'name of the run')
    .addOption(
      new Option(
        '--from <place>',
        'a folder on the machine of the workers, or s3://BUCKET/PREFIX, with folders labelled, unlabelled, test or withdrawn',
      ).conflicts('stop'),
    )
    .option('--every <minutes>', 'how often it is looked at', positiveNumber, 10)
    .option('--stop', 'watch it no longer')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nBy a schedule of Temporal, until --stop. Write files elsewhere and move them in: what somebody is\nwriting yet is left for the next time. docs/data.md says more.\n\nExample:\n  $ semievol collect tickets --from /data/tickets --every 60\n  $ semievol collect tickets --from s3://our-data/tickets',
    )
    .action(inProject(() => import('./commands/collect.ts')));

  program
    .command('report')
    .description('print the figures of the rounds a run has finished')
    .argument('<run>', 'name of the run')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe JSON holds run, rounds (the figures of each) and data (what became of the rows of each file).\n\nExample:\n  $ semievol report fpb --json > fpb.json',
    )
    .action(inProject(() => import('./commands/report.ts')));

  program
    .command('export')
    .description('write a model of a run into a folder, to be used without SemiEvol')
    .argument('<run>', 'name of the run')
    .requiredOption('--to <folder>', 'folder to make')
    .option('--model <name>', 'model to write (default: the champion)')
    .option('--no-merged', 'leave out the merged weights, which are as large as the base model')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nWrites the adapter and the merged weights, as far as who trained the model gives them out, the\ntraining file, and a card. docs/export.md says more.\n\nExample:\n  $ semievol export fpb --to fpb-model',
    )
    .action(inProject(() => import('./commands/export.ts')));

  program
    .command('models')
    .description('show the models of a run as a tree, what each was made of, and the champions')
    .argument('<run>', 'name of the run')
    .option('--struck', 'only those that have learned from rows that are struck out by now')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\ndocs/lineage.md says what is shown.\n\nExample:\n  $ semievol models fpb\n  $ semievol models fpb --struck',
    )
    .action(inProject(() => import('./commands/models.ts')));

  program
    .command('explain')
    .description('show what a model has learned, with the answers, neighbours and scores behind it')
    .argument('<model>', 'name of the model')
    .option('--after <place>', 'go on after this place, which the page before names')
    .option('--count <n>', 'examples a page', wholeNumber(1, 100), 10)
    .option('--json', 'print JSON, with all texts in full')
    .addHelpText(
      'after',
      '\nIt asks the store alone, no server. What models have labelled comes first.\n\nExample:\n  $ semievol explain $(semievol champion fpb) --count 3',
    )
    .action(inProject(() => import('./commands/explain.ts')));

  program
    .command('champion')
    .description('print the name of the best model of a run so far')
    .argument('<run>', 'name of the run')
    .option('--json', 'print JSON, with since when, by whom and why')
    .addHelpText('after', '\nExample:\n  $ MODEL=$(semievol champion fpb)')
    .action(inProject(() => import('./commands/champion.ts')));

  addSignature(
    program
      .command('promote')
      .description('make a model the champion of a run; its next round starts from there')
      .argument('<run>', 'name of the run')
      .argument('<model>', 'name of the model'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  $ semievol promote fpb ft:small:r3-sft:1a2b3c4d --reason "it is kinder"',
    )
    .action(inProject(() => import('./commands/promote.ts')));

  addSignature(
    program
      .command('rollback')
      .description('make the champion before the present one the champion again')
      .argument('<run>', 'name of the run'),
  )
    .addHelpText(
      'after',
      '\nNothing is deleted, and the next round starts from there: docs/lineage.md.\n\nExample:\n  $ semievol rollback fpb --reason "complaints since Monday"',
    )
    .action(inProject(() => import('./commands/rollback.ts')));

  program
    .command('doctor')
    .description(
      'say what is missing on this machine, how to get it, and what models are capable of',
    )
    .argument('[spec]', 'run spec, whose models are looked at', findSpec)
    .option('--data <folder>', "folder of the data files (default: the spec's own)")
    .option('--fresh', 'find out anew what models are capable of, whatever is known')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nEnds with 1 when something needed is missing. What only runs with "semievol dev" is noted, not\ncounted as missing. With a spec its data are checked, what it would use is\nforecast (semievol plan has it by phase), and its models are asked some tiny questions each, unless\nthe answers are known: docs/capabilities.md.\n\nExample:\n  $ semievol doctor examples/paper/fpb.yaml',
    )
    .action(inProject(() => import('./commands/doctor.ts')));

  program
    .command('schema')
    .description(
      'print the JSON schema of the run spec, for editors, with the extensions of the configuration',
    )
    .option('--grid', 'that of a grid, as reproduce takes it')
    .option('--json', 'the only form there is')
    .addHelpText(
      'after',
      '\nExample:\n  $ semievol schema > docs/run-spec.schema.json\nand as first line of a spec:\n  # yaml-language-server: $schema=../docs/run-spec.schema.json',
    )
    .action(lazy(() => import('./commands/schema.ts')));

  program
    .command('worker')
    .description('run a worker until Ctrl-C; start as many as there is work for')
    .option(
      '--task-queue <name>',
      "task queue to take instead of the configuration's, as a trainer names one for its machine",
    )
    .addHelpText('after', '\nExample:\n  $ TEMPORAL_ADDRESS=temporal:7233 semievol worker')
    .action(inProject(() => import('./commands/worker.ts')));
}

/** For what needs a configuration: where there is none, that is told before anything is loaded. */
function inProject(
  load: () => Promise<{ default: Action }>,
): (...given: unknown[]) => Promise<void> {
  const act = lazy(load);
  return (...given) => {
    const command = given.at(-1) as Command;
    findConfig(command.optsWithGlobals<GlobalOptions>().config);
    return act(...given);
  };
}

function lazy(load: () => Promise<{ default: Action }>): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const { default: act } = await load();
    await act(...(given as never[]));
  };
}
