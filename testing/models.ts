import type { FastifyInstance } from 'fastify';
import type { OpenAI } from 'openai';
import { BASE_COMPETENCE, competenceOf } from './model.ts';
import { Shelf } from './shelf.ts';
import { Refusal } from './wire.ts';

export interface TrainingRow {
  messages: OpenAI.ChatCompletionMessageParam[];
}

/** The models there are, and how competent each is (0 to 1). */
export class Models {
  readonly #shelf: Shelf<{ name: string; competence: number }>;

  constructor(base: string[], folder?: string) {
    this.#shelf = new Shelf(folder, 'models');
    for (const name of base) this.#shelf.set(name, { name, competence: BASE_COMPETENCE });
  }

  addTuned(name: string, base: string, rows: TrainingRow[]): void {
    const messages = rows.map((row) => row.messages);
    this.#shelf.set(name, { name, competence: competenceOf(messages, this.check(base, 404)) });
  }

  /** @returns the competence of a model, by its name or that of one of its checkpoints. */
  check(name: string, status: number): number {
    const model = this.#shelf.get(String(name).replace(/:ckpt-step-\d+$/, ''));
    if (!model)
      throw new Refusal(status, 'model_not_found', `The model \`${name}\` does not exist.`, {
        param: 'model',
      });
    return model.competence;
  }

  names(): string[] {
    return this.#shelf.values().map((model) => model.name);
  }
}

export function modelRoutes(app: FastifyInstance, models: Models): void {
  const describe = (id: string) => ({ id, object: 'model', created: 0, owned_by: 'stand-in' });
  app.get('/models', async () => ({ object: 'list', data: models.names().map(describe) }));
  app.get<{ Params: { '*': string } }>('/models/*', async ({ params }) => {
    models.check(params['*'], 404);
    return describe(params['*']);
  });
}
