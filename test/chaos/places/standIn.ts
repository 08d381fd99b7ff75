import { join } from 'node:path';
import type { Stand, Surroundings } from './place.ts';

interface StandIn extends Pick<Stand, 'endpoint' | 'name'> {
  /** Name of the folder of its state. */
  state: string;
  /** Further arguments of the stand-in. */
  args?: string[];
  /** Fields of the endpoint. */
  config?: object;
}

/** The stand-in for a provider, `testing/main.ts`, as a stand. */
export function standIn(
  { folder, seed, latencyMs, faultRate }: Surroundings,
  { endpoint, name, state, args = [], config = {} }: StandIn,
): Stand {
  const path = join(folder, state);
  return {
    ...{ endpoint, name, file: 'testing/main.ts', state: path },
    args: (port) => [
      ...['--port', `${port}`, '--state', path],
      ...['--seed', `${seed}`, '--latency-ms', `${latencyMs}`],
      ...['--fault-rate', `${faultRate}`, '--fault-seed', `${seed}`],
      ...args,
    ],
    isReady: (line) => line.startsWith('http'),
    config: () => config,
  };
}

/** The provider that trains, with a queue of jobs. */
export const trainingStandIn = (
  surroundings: Surroundings,
  { args = [], config = {} }: Pick<StandIn, 'args' | 'config'> = {},
): Stand =>
  standIn(surroundings, {
    ...{ endpoint: 'local', name: 'gateway', state: 'provider' },
    args: [
      ...['--job-script', 'queues'],
      ...surroundings.quirks.flatMap((quirk) => ['--quirk', quirk]),
      ...args,
    ],
    config: { maxInFlight: 4, ...config },
  });
