import type { FastifyInstance } from 'fastify';
import type { OpenAI } from 'openai';
import { BASE_COMPETENCE, competenceOf } from './model.ts';
import { Refusal } from './wire.ts';

export interface TrainingRow {
  messages: OpenAI.ChatCompletionMessageParam[];
}

/** The models there are, and how competent each is (0 to 1). */
export class Models {
  readonly #competence = new Map<string, number>();

  constructor(base: string[]) {
    for (const name of base) this.#competence.set(name, BASE_COMPETENCE);
  }

  addTuned(name: string, base: string, rows: TrainingRow[]): void {
    const messages = rows.map((row) => row.messages);
    this.#competence.set(name, competenceOf(messages, this.check(base, 404)));
  }

  /** @returns the competence of a model, by its name or that of one of its checkpoints. */
  check(name: string, status: number): number {
    const competence = this.#competence.get(name.replace(/:ckpt-step-\d+$/, ''));
    if (competence === undefined)
      throw new Refusal(status, 'model_not_found', `The model \`${name}\` does not exist.`, {
        param: 'model',
      });
    return competence;
  }

  names(): string[] {
    return [...this.#competence.keys()];
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
