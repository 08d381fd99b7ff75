import { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';
import { isServed } from '../servedModel.ts';
import type { Trainer, TrainerKind, TrainerSchema } from '../trainer.ts';
import { openai } from './openai.ts';

/** The kinds of trainer that need no extension. */
export const TRAINERS: readonly TrainerKind[] = [openai];

/** What may stand in an endpoint's `trainer`, where there are these kinds. */
export const trainerSpec = (kinds: readonly TrainerKind[]) =>
  z.discriminatedUnion('type', kinds.map(({ spec }) => spec) as [TrainerSchema]);

/** The trainer that an endpoint's configuration names, made of one of these kinds. */
export function createTrainer(endpoint: Endpoint, kinds: readonly TrainerKind[]): Trainer {
  const { name, config, client } = endpoint;
  const { type } = config.trainer;
  const kind = kinds.find(({ spec }) => spec.shape.type.value === type)!; // the configuration is checked
  return kind.create(
    {
      name,
      config,
      client,
      apiKey: config.apiKeyEnv && process.env[config.apiKeyEnv],
      serves: (model, base, signal) => isServed(endpoint, model, base, signal),
      failure: (error, model) => endpoint.failure(error, model),
    },
    config.trainer,
  );
}
