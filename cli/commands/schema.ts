import type { Command } from 'commander';
import { knownKinds } from '../context.ts';
import { runSpecSchema } from '../specFile.ts';

export default async function schema(_: object, command: Command): Promise<void> {
  const kinds = await knownKinds(command);
  process.stdout.write(`${JSON.stringify(runSpecSchema(kinds), null, 2)}\n`);
}
