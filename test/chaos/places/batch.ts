import { CHANGES } from './gateway.ts';
import type { Place } from './place.ts';
import { trainingStandIn } from './standIn.ts';

/** So small that a phase has several at the same time, and sent so often that none goes by itself. */
const LIMITS = { maxRequests: 60, rounds: 20 };

export const batch: Place = {
  about: 'one provider that is asked by batch; every second of its batches ends early',
  changes: { ...CHANGES, transport: 'batch' },
  stands: (surroundings) => [
    trainingStandIn(surroundings, {
      args: ['--batch-script', surroundings.faultRate > 0 ? 'ails' : 'succeeds'],
      config: { batches: LIMITS },
    }),
  ],
};
