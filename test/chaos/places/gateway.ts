import type { Place } from './place.ts';
import { trainingStandIn } from './standIn.ts';

/** Of most runs' specs. */
export const CHANGES = { rounds: 2, batch: { size: 10, window: 4 } };

export const gateway: Place = {
  about: 'one provider for everything',
  changes: CHANGES,
  stands: (surroundings) => [trainingStandIn(surroundings)],
};
