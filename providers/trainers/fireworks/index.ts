import type { TrainerKind } from '../../trainer.ts';
import { spec } from './spec.ts';
import { FireworksTrainer } from './trainer.ts';

/** Fine-tuning at Fireworks, and dedicated deployments. */
export const fireworks: TrainerKind<typeof spec> = {
  spec,
  incidental: ['shape', 'deployment'],
  create: (endpoint, given) => new FireworksTrainer(endpoint, given),
};
