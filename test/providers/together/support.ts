import { BASE, KEY, PROJECT, Together } from '../../support/together/server.ts';
import { useTrainerBench } from '../../support/trainerBench.ts';

/** The trainer for Together for each test of the suite. */
export const useTogether = () =>
  useTrainerBench(() => Together.open(), {
    key: KEY,
    base: BASE,
    spec: { type: 'together', project: PROJECT },
    completed: 'completed',
  });
