import { mkdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHANGES } from './gateway.ts';
import type { Place } from './place.ts';
import { standIn, trainingStandIn } from './standIn.ts';

/**
 * Collaborators at three endpoints, in one round: models that are named, not tuned, would be asked the
 * same in each.
 */
export const three: Place = {
  about: 'collaborators at two providers and the engine, all of which are killed',
  changes: {
    ...{ ...CHANGES, rounds: 1 },
    collaborators: [
      { name: 'tuned', shots: 3 },
      { name: 'base', shots: 0, model: 'base' },
      { name: 'hosted', shots: 2, endpoint: 'cloud', model: 'large', temperature: 1, samples: 2 },
      {
        ...{ name: 'small', endpoint: 'engine', model: 'smollm2-135m-instruct' },
        ...{ shots: 1, maxTokens: 4 },
      },
    ],
  },
  stands: (surroundings) => {
    keepKernels(surroundings.folder);
    return [
      trainingStandIn(surroundings),
      standIn(surroundings, {
        ...{ endpoint: 'cloud', name: 'cloud', state: 'cloud' },
        args: ['--model', 'large', '--no-n', '--no-logprobs', '--requests-per-second', '50'],
        config: { maxInFlight: 2 },
      }),
      {
        ...{ endpoint: 'engine', name: 'engine', file: 'engine/main.ts' },
        args: (port) => ['--port', `${port}`, '--state', join(surroundings.folder, 'engine')],
        isReady: (line) => line.startsWith('Engine at'),
        // One at a time, and it says the same each time.
        config: () => ({ maxInFlight: 1, requestTimeoutSeconds: 60 }),
      },
    ];
  },
};

/** What mlx has compiled for this machine is not compiled again for each folder of temporary files. */
function keepKernels(folder: string): void {
  const kernels = join(tmpdir(), 'mlx');
  mkdirSync(kernels, { recursive: true });
  symlinkSync(kernels, join(folder, 'mlx'));
}
