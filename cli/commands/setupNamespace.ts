import type { Command } from 'commander';
import { configOf, print, withClient } from '../context.ts';

export default async function setupNamespace(
  { json }: { json?: boolean },
  command: Command,
): Promise<void> {
  await withClient(await configOf(command), async (client) => {
    const done = await client.setUpNamespace();
    const { namespace } = client.temporal.options;
    const names = done.added.length > 0 ? `added ${done.added.join(', ')}` : 'all was there before';
    print(json, { namespace, ...done }, `search attributes of namespace "${namespace}": ${names}`);
  });
}
