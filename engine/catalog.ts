import { ApiError } from './errors.ts';
import type { JobStore } from './jobs.ts';
import { BASE_MODEL, EMBEDDING_MODEL } from './settings.ts';

/** OpenAI's Model. */
interface Model {
  id: string;
  object: 'model';
  created: number;
  owned_by: string;
}

/** Which models there are: the base, what jobs made of it, and the embedding model. */
export class Catalog {
  readonly #jobs: JobStore;

  constructor(jobs: JobStore) {
    this.#jobs = jobs;
  }

  list(): Model[] {
    const model = (id: string, created: number): Model => ({
      id,
      object: 'model',
      created,
      owned_by: 'semievol',
    });
    return [
      model(BASE_MODEL.id, BASE_MODEL.created),
      model(EMBEDDING_MODEL.id, EMBEDDING_MODEL.created),
      ...[...this.#jobs.models()].map(([id, { created }]) => model(id, created)),
    ];
  }

  /** @throws ApiError 404 model_not_found */
  get(id: string): Model {
    const model = this.list().find((candidate) => candidate.id === id);
    if (!model) throw modelNotFound(id);
    return model;
  }

  /** The adapter to chat with, null for the base. @throws ApiError 404 model_not_found, 400 for the embedding model */
  chatModel(id: string): { adapter: string | null } {
    if (id === BASE_MODEL.id) return { adapter: null };
    if (id === EMBEDDING_MODEL.id) throw wrongKind(id, 'makes embeddings and cannot chat');
    const model = this.#jobs.models().get(id);
    if (!model) throw modelNotFound(id);
    return model;
  }

  /** @throws ApiError 404 model_not_found, 400 for a chat model */
  checkEmbeddingModel(id: string): void {
    if (id === EMBEDDING_MODEL.id) return;
    this.chatModel(id);
    throw wrongKind(id, 'is a chat model and makes no embeddings');
  }
}

const modelNotFound = (id: string): ApiError =>
  new ApiError(404, `The model '${id}' does not exist.`, {
    param: 'model',
    code: 'model_not_found',
  });

const wrongKind = (id: string, why: string): ApiError =>
  new ApiError(400, `The model '${id}' ${why}.`, { param: 'model' });
