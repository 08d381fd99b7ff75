import type { Command } from 'commander';
import { knownKinds } from '../context.ts';
import { gridSchema, runSpecSchema } from '../specFile.ts';

export default async function schema(
  { grid }: { grid?: boolean },
  command: Command,
): Promise<void> {
  const printed = grid ? gridSchema() : runSpecSchema(await knownKinds(command));
  process.stdout.write(`${JSON.stringify(printed, null, 2)}\n`);
}
