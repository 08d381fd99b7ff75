import type { Command } from 'commander';
import type { Called } from '../../core/living/next.ts';
import { configOf, print, withClient } from '../context.ts';

export default async function next(
  run: string,
  { json }: { json?: boolean },
  command: Command,
): Promise<void> {
  const called = await withClient(await configOf(command), (client) => client.get(run).next());
  print(json, { run, ...called }, calledText(run, called));
}

/** When a round begins that somebody has called. */
export function calledText(run: string, { round, after }: Called): string {
  const begins = `"${run}" begins round ${round}`;
  if (after === 'round') return `${begins} as soon as round ${round - 1} has ended`;
  if (after === 'pause') return `${begins} when it is resumed, by "semievol resume ${run}"`;
  if (after === 'data') return `${begins} as soon as its data are read`;
  return begins;
}
