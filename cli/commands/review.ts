import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { ReviewDesk } from '../../client/index.ts';
import { count } from '../../core/report/format.ts';
import type { LayoutName } from '../../core/review/layouts/index.ts';
import { configOf, print, withClient } from '../context.ts';
import { CliError } from '../errors.ts';
import { reviewInput } from '../reviewInput.ts';
import { arrivalText, reviewAll, type Sitting, sittingText } from '../reviewing.ts';

/** Hours for which an exported file is nobody else's. */
const EXPORT_HOURS = 24;

interface Options {
  export?: string;
  import?: string;
  format: LayoutName;
  reviewer?: string;
  count: number;
  hours?: number;
  json?: boolean;
}

export default async function review(
  run: string,
  options: Options,
  command: Command,
): Promise<void> {
  const { json, reviewer = userInfo().username } = options;
  await withClient(await configOf(command), async (client) => {
    const desk = await client.get(run).review(reviewer);
    try {
      if (options.export !== undefined) return await exportTo(options.export, desk, options);
      if (options.import !== undefined) return await importFrom(options.import, desk, options);
      const sitting = await sit(desk);
      print(json, { run, reviewer, ...sitting }, sittingText(sitting));
    } finally {
      desk.close();
    }
  });
}

async function sit(desk: ReviewDesk): Promise<Sitting> {
  const input = reviewInput();
  try {
    // What is asked stands beside what it comes to, which may go to a file.
    return await reviewAll(desk, input, (text) => process.stderr.write(`${text}\n`));
  } finally {
    input.close();
  }
}

async function exportTo(
  file: string,
  desk: ReviewDesk,
  { format, count: most, hours = EXPORT_HOURS, json }: Options,
): Promise<void> {
  const examples = await desk.take(most, Math.max(1, Math.round(hours * 60)));
  if (examples.length === 0)
    throw new CliError(
      'there is nothing to review: all that the last round has ranked is reviewed, or somebody has it just now',
      { isOfInput: false },
    );
  try {
    await writeFile(file, desk.export(examples, format), { flag: 'wx' });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new CliError(
      isThere
        ? `${file} is there already, and may hold answers: name another file`
        : `${file} cannot be written: ${(error as Error).message}`,
      { cause: error },
    );
  }
  print(
    json,
    { file, examples: examples.length, format, hours },
    `${count(examples.length)} examples to review are in ${file}; nobody else gets them for ${hours} hours`,
  );
}

async function importFrom(file: string, desk: ReviewDesk, options: Options): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CliError(`${file} cannot be read: ${error.message}`, { cause: error });
  });
  const brought = await desk.import(text, options.format, file);
  const { answers, bad, skipped, known, changed, open, arrived } = brought;
  const said = [
    `${count(answers)} answers, ${count(bad)} bad examples and ${count(skipped)} skipped are new; ${count(known)} were known, ${count(open)} are open.`,
    ...(changed > 0 ? [`${count(changed)} answers are others than before.`] : []),
    ...arrivalText(arrived),
  ];
  print(options.json, { file, ...brought }, said.join(' '));
}
