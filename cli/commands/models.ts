import type { Command } from 'commander';
import { lineageSections, struckSection } from '../../core/report/lineage.ts';
import { configOf, print, withClient } from '../context.ts';
import { terminal } from '../terminal.ts';

export default async function models(
  run: string,
  { struck, json }: { struck?: boolean; json?: boolean },
  command: Command,
): Promise<void> {
  const lineage = await withClient(await configOf(command), (client) =>
    client.get(run).lineage({ struck }),
  );
  const sections = struck ? [struckSection(lineage)] : lineageSections(lineage);
  print(json, lineage, terminal(sections));
}
