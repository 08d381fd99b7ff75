import { ACCOUNT, BASE, Fireworks, KEY } from '../../support/fireworks/server.ts';
import { useTrainerBench } from '../../support/trainerBench.ts';

/** The trainer for Fireworks for each test of the suite. */
export const useFireworks = () =>
  useTrainerBench(() => Fireworks.open(), {
    key: KEY,
    base: BASE,
    spec: { type: 'fireworks', account: ACCOUNT },
    completed: 'COMPLETED',
  });
