import type { TrainerKind } from '../../trainer.ts';
import { spec } from './spec.ts';
import { TogetherTrainer } from './trainer.ts';

/** Fine-tuning at Together, and deployments on dedicated endpoints. */
export const together: TrainerKind<typeof spec> = {
  spec,
  incidental: ['project', 'endpoint', 'config'],
  create: (endpoint, given) => new TogetherTrainer(endpoint, given),
};
