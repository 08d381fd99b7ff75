import type { Command } from 'commander';
import { PARTS } from '../../core/report/modelCard.ts';
import { configOf, print, withClient } from '../context.ts';

interface Options {
  to: string;
  model?: string;
  merged: boolean;
  json?: boolean;
}

export default async function exportRun(
  run: string,
  { to, model, merged, json }: Options,
  command: Command,
): Promise<void> {
  const exported = await withClient(await configOf(command), (client) =>
    client.get(run).export({ to, ...(model && { model }), withoutMerged: !merged }),
  );
  const weights = (['merged', 'adapter'] as const).map((form) => {
    const found = exported[form];
    return 'files' in found ? `  ${PARTS[form]}/` : `  no ${PARTS[form]}/: ${found.lacking}`;
  });
  const { rows } = exported;
  const lines = [
    `${exported.model} is in ${exported.to}:`,
    '  README.md, its card',
    ...weights,
    'rows' in rows
      ? `  ${PARTS.rows}, ${rows.rows} rows${difference(rows)}`
      : `  no ${PARTS.rows}: ${rows.lacking}`,
  ];
  print(json, exported, lines.join('\n'));
}

function difference({ isSame, withdrawn }: { isSame: boolean; withdrawn: number }): string {
  if (withdrawn > 0) return `, without ${withdrawn} examples that were withdrawn since`;
  return isSame ? '' : ', which are not those that were uploaded';
}
