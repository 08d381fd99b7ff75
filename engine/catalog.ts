import type { AliasStore } from './aliases.ts';
import { ApiError } from './errors.ts';
import type { JobStore } from './jobs.ts';
import type { BaseModel } from './models.ts';
import { EMBEDDING_MODEL } from './settings.ts';

/** OpenAI's Model. */
interface Model {
  id: string;
  object: 'model';
  created: number;
  owned_by: string;
  /** Of an alias: the model that it stands for. */
  root?: string;
}

/** What answers to a name: a base, and the folder of the adapter on it where it is a tuned model. */
export interface ChatModel {
  /** Its own, where it was asked for by an alias. */
  name: string;
  base: BaseModel;
  adapter: string | null;
}

/** Which models there are: the bases, what jobs made of them, the embedding model, and aliases. */
export class Catalog {
  readonly #jobs: JobStore;
  readonly #aliases: AliasStore;
  readonly #bases: Map<string, BaseModel>;

  constructor(jobs: JobStore, aliases: AliasStore, bases: BaseModel[]) {
    this.#jobs = jobs;
    this.#aliases = aliases;
    this.#bases = new Map(bases.map((base) => [base.name, base]));
  }

  list(): Model[] {
    const model = (id: string, created: number): Model => ({
      id,
      object: 'model',
      created,
      owned_by: 'semievol',
    });
    return [
      ...[...this.#bases.values()].map(({ name, created }) => model(name, created)),
      model(EMBEDDING_MODEL.id, EMBEDDING_MODEL.created),
      ...[...this.#jobs.models()]
        .filter(([, { base }]) => this.#bases.has(base))
        .map(([id, { created }]) => model(id, created)),
      ...this.#aliases
        .list()
        .map(({ id, created, model: root }) => ({ ...model(id, created), root })),
    ];
  }

  /** @throws ApiError 404 model_not_found */
  get(id: string): Model {
    const model = this.list().find((candidate) => candidate.id === id);
    if (!model) throw modelNotFound(id);
    return model;
  }

  /** @throws ApiError 404 model_not_found, 400 for the embedding model */
  chatModel(asked: string): ChatModel {
    const id = this.#aliases.get(asked)?.model ?? asked;
    const own = this.#bases.get(id);
    if (own) return { name: id, base: own, adapter: null };
    if (id === EMBEDDING_MODEL.id) throw wrongKind(id, 'makes embeddings and cannot chat');
    const tuned = this.#jobs.models().get(id);
    if (!tuned) throw modelNotFound(id);
    const base = this.#bases.get(tuned.base);
    if (!base)
      throw modelNotFound(id, ` without its base '${tuned.base}': add that to engine.models`);
    return { name: id, base, adapter: tuned.adapter };
  }

  /** @throws ApiError 404 model_not_found, 400 for a chat model */
  checkEmbeddingModel(id: string): void {
    if (id === EMBEDDING_MODEL.id) return;
    this.chatModel(id);
    throw wrongKind(id, 'is a chat model and makes no embeddings');
  }
}

const modelNotFound = (id: string, why = ''): ApiError =>
  new ApiError(404, `The model '${id}' does not exist${why}.`, {
    param: 'model',
    code: 'model_not_found',
  });

const wrongKind = (id: string, why: string): ApiError =>
  new ApiError(400, `The model '${id}' ${why}.`, { param: 'model' });
