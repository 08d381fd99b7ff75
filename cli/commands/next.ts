import type { Command } from 'commander';
import { configOf, print, withClient } from '../context.ts';

export default async function next(
  run: string,
  { json }: { json?: boolean },
  command: Command,
): Promise<void> {
  const { round } = await withClient(await configOf(command), (client) => client.get(run).next());
  print(json, { run, round }, `"${run}" begins round ${round} as soon as none is under way`);
}
