import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import pc from 'picocolors';
import { runCommandLine } from '../cli/commandLine.ts';
import { CliError, EXIT_CODE } from '../cli/errors.ts';
import { messagesOf } from '../core/errors.ts';
import * as adaptive from './adaptive.ts';
import * as arrival from './arrival.ts';
import * as audit from './audit.ts';
import * as batch from './batch.ts';
import * as calibration from './calibration.ts';
import * as cost from './cost.ts';
import * as engine from './engine.ts';
import * as overhead from './overhead.ts';
import * as pool from './pool.ts';
import * as retrieval from './retrieval.ts';
import * as segments from './segments.ts';
import type { Bench, BenchOptions, BenchResult } from './support/bench.ts';
import { surroundings } from './support/machine.ts';
import * as throughput from './throughput.ts';

const benches: Record<string, Bench> = {
  ...{ throughput, adaptive, pool, retrieval, overhead, cost, engine },
  ...{ calibration, batch, arrival, segments, audit },
};

interface Options {
  json?: string;
}

const program = new Command('bench')
  .description('Measures one promise of speed, scale or cost, with a comparison in the same run.')
  .usage('NAME [options]')
  .showHelpAfterError()
  .addHelpText(
    'after',
    '\nExit codes: 0 every target reached, 1 a target missed or a failure, 2 wrong usage.\n\nExample:\n  $ npm run bench -- cost --json cost.json',
  )
  .exitOverride();

for (const [name, bench] of Object.entries(benches)) {
  const command = addCommand(name, bench.description, async (options) => run(name, options));
  bench.addOptions?.(command);
}
addCommand('all', 'every one of them, with their defaults', async (options) => {
  const results: BenchResult[] = [];
  for (const name of Object.keys(benches)) results.push(await run(name, options));
  return results;
});

await runCommandLine(program, (error) => messagesOf(error).join('\n  '));

function addCommand(
  name: string,
  description: string,
  action: (options: BenchOptions) => Promise<BenchResult | BenchResult[]>,
): Command {
  return program
    .command(name)
    .description(description)
    .option('--json <file>', 'write the result to a file, too')
    .action(async ({ json, ...options }: Options) => {
      if (json) await checkWritable(json);
      const result = await action({ ...options, say, print });
      if (json) await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
      if ([result].flat().some(({ ok }) => !ok)) process.exitCode = EXIT_CODE.failed;
    });
}

async function run(name: string, options: BenchOptions): Promise<BenchResult> {
  const startedAt = Date.now();
  say(`${name}: ${benches[name]!.description}`);
  const result = await benches[name]!.run(options);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  const { measured, target, ok } = result;
  print(
    `${name}: ${ok ? pc.green('reached') : pc.red('missed')}, measured ${show(measured)}, target ${show(target)} (${seconds} s)`,
  );
  return { ...result, details: { ...result.details, ...surroundings(), seconds } };
}

/** A bench can take an hour: it should not end with a file that cannot be written. */
async function checkWritable(file: string): Promise<void> {
  const folder = dirname(resolve(file));
  await access(folder, constants.W_OK).catch(() => {
    throw new CliError(`--json: folder ${folder} is missing or cannot be written to: name another`);
  });
}

function say(line: string): void {
  process.stderr.write(`${pc.dim(line)}\n`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function show(figures: BenchResult['measured']): string {
  if (typeof figures === 'number') return String(Number(figures.toPrecision(3)));
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${show(value)}`)
    .join(', ');
}
