import path from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { refuseForeigners } from './access.ts';
import { AliasStore } from './aliases.ts';
import { aliasRoutes } from './aliasRoutes.ts';
import { Catalog } from './catalog.ts';
import { chatRoutes } from './chatRoutes.ts';
import { embeddingRoutes } from './embeddingRoutes.ts';
import { ApiError } from './errors.ts';
import { FileStore, fileRoutes } from './files.ts';
import { jobRoutes } from './jobRoutes.ts';
import { JobStore } from './jobs.ts';
import { baseModels, type ModelsConfig, serviceOf } from './models.ts';
import { ModelPool } from './pool.ts';
import { PythonService } from './pythonProcess.ts';
import { DEFAULTS, EMBEDDING_MODEL, embeddingEnvironment, program } from './settings.ts';
import { Trainer } from './trainer.ts';
import { weightRoutes } from './weightRoutes.ts';
import { Weights } from './weights.ts';

export interface EngineOptions {
  /** 0 takes a free one. */
  port: number;
  /** Where files, jobs, adapters and aliases are kept. One gateway at a time. */
  stateFolder: string;
  /** Models beside the built-in one, and the memory for all. */
  config?: ModelsConfig;
  /** Called with a line about what is not an answer to a client, such as a model process that died. */
  log?: (line: string) => void;
}

export interface Engine {
  /** Base URL with the /v1, as the `openai` client takes it. */
  url: string;
  /** Stops accepting, ends the model processes and leaves unfinished jobs to the next start. */
  close(): Promise<void>;
}

/**
 * Starts the OpenAI-compatible gateway on 127.0.0.1. The engine must be set up (see setup.ts).
 *
 * @throws Error naming the port when it is taken; ModelsRefused naming the models that cannot be served.
 */
export const startEngine = async (options: EngineOptions): Promise<Engine> => {
  const { port, stateFolder, config = { models: {} }, log = () => {} } = options;
  const { models, limit } = await baseModels(config, log);
  const files = await FileStore.open(path.join(stateFolder, 'files'));
  const jobs = await JobStore.open(path.join(stateFolder, 'jobs'));
  const aliases = await AliasStore.open(path.join(stateFolder, 'aliases'));
  const catalog = new Catalog(jobs, aliases, models);
  const pool = new ModelPool(limit, (model) => serviceOf(model, log));
  const trainer = new Trainer({ jobs, files, catalog, pool, log });
  const embedder = new PythonService(
    { program: program('embed'), args: [EMBEDDING_MODEL.repository], env: embeddingEnvironment() },
    log,
  );

  const app = Fastify({ bodyLimit: DEFAULTS.maxBodyBytes, forceCloseConnections: true });
  answerErrors(app, log);
  refuseForeigners(app);
  await app.register(
    async (v1) => {
      v1.get('/models', () => ({ object: 'list', data: catalog.list() }));
      v1.get<{ Params: { id: string } }>('/models/:id', ({ params }) => catalog.get(params.id));
      chatRoutes(v1, { catalog, pool });
      embeddingRoutes(v1, { catalog, embedder });
      fileRoutes(v1, files);
      jobRoutes(v1, { jobs, files, trainer, catalog });
      aliasRoutes(v1, { aliases, catalog });
      weightRoutes(v1, new Weights(catalog, pool));
    },
    { prefix: '/v1' },
  );
  const unfinished = jobs.unfinished();
  const url = await listen(app, port);
  await trainer.resume(unfinished);
  // Which one of several is asked first nobody knows.
  if (models.length === 1) pool.start(models[0]!);
  embedder.start();
  return {
    url: `${url}/v1`,
    close: async () => {
      await app.close();
      await Promise.all([trainer.close(), pool.close(), embedder.close()]);
    },
  };
};

const listen = async (app: FastifyInstance, port: number): Promise<string> => {
  try {
    return await app.listen({ host: DEFAULTS.host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Error(
      `Port ${port} on ${DEFAULTS.host} is taken, perhaps by another engine. Stop that or choose another port.`,
    );
  }
};

const answerErrors = (app: FastifyInstance, log: (line: string) => void): void => {
  app.setNotFoundHandler(({ method, url }) => {
    throw new ApiError(404, `Unknown request: ${method} ${url}`, { code: 'unknown_url' });
  });
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const known = error instanceof ApiError;
    const status = error.statusCode ?? 500;
    const answer = known ? error : new ApiError(status, error.message);
    if (answer.status >= 500 && !known) log(error.stack ?? error.message);
    if (answer.retryAfterSeconds) reply.header('retry-after', answer.retryAfterSeconds);
    return reply.status(answer.status).send(answer.toJSON());
  });
};
