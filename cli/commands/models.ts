import type { Command } from 'commander';
import { lineageSections } from '../../core/report/lineage.ts';
import { configOf, print, withClient } from '../context.ts';
import { terminal } from '../terminal.ts';

export default async function models(
  run: string,
  { json }: { json?: boolean },
  command: Command,
): Promise<void> {
  const lineage = await withClient(await configOf(command), (client) => client.get(run).lineage());
  print(json, lineage, terminal(lineageSections(lineage)));
}
