import { join } from 'node:path';
import { ACCOUNT, TOKEN } from '../../support/azure/azure.ts';
import { CHANGES } from './gateway.ts';
import type { Place } from './place.ts';

/** So few that each model expires while it is asked. */
const EXPIRE_AFTER = 25;

/** Deployments are lost when it is killed, and expire while they are asked. */
export const azure: Place = {
  about: 'one that deploys its models, each of which expires time and again while it is asked',
  changes: CHANGES,
  stands: ({ folder, seed, latencyMs, faultRate }) => {
    const state = join(folder, 'provider');
    return [
      {
        ...{ endpoint: 'local', name: 'azure', file: 'test/chaos/programs/azure.ts' },
        ...{ path: '/openai/v1', state },
        args: (port) => [
          ...['--port', `${port}`, '--state', state],
          ...['--seed', `${seed}`, '--latency-ms', `${latencyMs}`],
          ...['--fault-rate', `${faultRate}`],
          ...(faultRate > 0 ? ['--expire-after', `${EXPIRE_AFTER}`] : []),
        ],
        isReady: (line) => line.startsWith('http'),
        config: (management) => ({
          maxInFlight: 4,
          trainer: { type: 'azure', account: ACCOUNT, management, tier: 'standard' },
        }),
      },
    ];
  },
  env: { AZURE_MANAGEMENT_TOKEN: TOKEN },
  async left(_, [address]) {
    const standing = await fetch(new URL('/__standing', address));
    return ((await standing.json()) as string[]).map((name) => `deployment ${name}`);
  },
};
