import { z } from 'zod';
import type { EndpointConfig } from '../config.ts';
import type { Endpoint } from '../endpoint.ts';
import { isServed } from '../servedModel.ts';
import type { Trainer, TrainerKind, TrainerSchema } from '../trainer.ts';
import { azure } from './azure.ts';
import { command } from './command/trainer.ts';
import { fireworks } from './fireworks/index.ts';
import { openai } from './openai.ts';
import { together } from './together/index.ts';

/** The kinds of trainer that need no extension. */
export const TRAINERS: readonly TrainerKind[] = [openai, azure, together, fireworks, command];

export const typeOf = ({ spec }: TrainerKind): string => spec.shape.type.value;

/** The kinds of trainer that endpoints may name: ours, and those of extensions. */
export class Trainers {
  /** What may stand in an endpoint's `trainer`. */
  readonly spec: z.ZodType<{ type: string }>;
  readonly #kinds: ReadonlyMap<string, TrainerKind>;

  constructor(extensions: readonly TrainerKind[] = []) {
    const kinds = [...TRAINERS, ...extensions];
    this.#kinds = new Map(kinds.map((kind) => [typeOf(kind), kind]));
    const specs = [...this.#kinds.values()].map(({ spec }) => spec);
    this.spec = z.discriminatedUnion('type', specs as [TrainerSchema, ...TrainerSchema[]]);
  }

  /** What of an endpoint's `trainer` makes its models: neither how they are served, nor by which worker. */
  makingOf({ trainer: { taskQueue: _, ...trainer } }: Pick<EndpointConfig, 'trainer'>) {
    const { incidental = [] } = this.#kinds.get(trainer.type) ?? {};
    const fields = Object.entries(trainer).filter(([name]) => !incidental.includes(name as never));
    return { trainer: Object.fromEntries(fields) as EndpointConfig['trainer'] };
  }

  /** The trainer that an endpoint's configuration names. */
  of(endpoint: Endpoint): Trainer {
    const { name, config, client } = endpoint;
    const kind = this.#kinds.get(config.trainer.type);
    if (!kind) throw new Error(`endpoint "${name}" names a trainer that the configuration has not`);
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
}
