import { randomInt } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Catalog } from './catalog.ts';
import { badRequest } from './errors.ts';
import type { FileStore } from './files.ts';
import type { JobStore } from './jobs.ts';
import { page } from './listing.ts';
import { resolveHyperparameters, type Trainer } from './trainer.ts';
import { parse } from './validation.ts';

const hyperparameters = z.object({
  n_epochs: z.union([z.literal('auto'), z.number().positive().max(100)]).optional(),
  batch_size: z.union([z.literal('auto'), z.int().min(1).max(256)]).optional(),
  learning_rate_multiplier: z.union([z.literal('auto'), z.number().positive()]).optional(),
});

const createJob = z.object({
  model: z.string(),
  training_file: z.string(),
  validation_file: z.null('is not supported: evaluate the model afterwards').optional(),
  suffix: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'may hold up to 64 letters, digits, dots, dashes and underscores')
    .nullish(),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  hyperparameters: hyperparameters.optional(),
  method: z
    .object({
      type: z.literal('supervised', "only 'supervised' is supported"),
      supervised: z.object({ hyperparameters: hyperparameters.optional() }).optional(),
    })
    .optional(),
});

/** The metadata[k]=v parameters of a query. */
const metadataFilter = (query: Record<string, string>): [string, string][] =>
  Object.entries(query).flatMap(([name, value]) => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    return key === undefined ? [] : [[key, value] as [string, string]];
  });

export const jobRoutes = (
  app: FastifyInstance,
  {
    jobs,
    files,
    trainer,
    catalog,
  }: { jobs: JobStore; files: FileStore; trainer: Trainer; catalog: Catalog },
): void => {
  type ById = { Params: { id: string }; Querystring: Record<string, string> };

  app.post('/fine_tuning/jobs', async ({ body }) => {
    const wanted = parse(createJob, body);
    const { name: model } = catalog.chatModel(wanted.model);
    const known = files.list().some(({ id }) => id === wanted.training_file);
    if (!known) throw badRequest(`No file '${wanted.training_file}'.`, 'training_file');
    const job = await jobs.create({
      model,
      training_file: wanted.training_file,
      suffix: wanted.suffix ?? null,
      seed: wanted.seed ?? randomInt(2 ** 31),
      metadata: wanted.metadata ?? {},
      hyperparameters: resolveHyperparameters(
        wanted.method?.supervised?.hyperparameters ?? wanted.hyperparameters ?? {},
      ),
    });
    await trainer.enqueue(job.id);
    return job;
  });

  app.get<ById>('/fine_tuning/jobs', ({ query }) => {
    const filter = metadataFilter(query);
    const matches = jobs
      .list()
      .filter(({ metadata }) => filter.every(([key, value]) => metadata[key] === value));
    return page(matches, query);
  });

  app.get<ById>('/fine_tuning/jobs/:id', ({ params }) => jobs.get(params.id));

  app.post<ById>('/fine_tuning/jobs/:id/cancel', ({ params }) => trainer.cancel(params.id));

  app.get<ById>('/fine_tuning/jobs/:id/events', ({ params, query }) =>
    page(jobs.events(params.id), query),
  );

  app.get<ById>('/fine_tuning/jobs/:id/checkpoints', ({ params, query }) =>
    page(jobs.checkpoints(params.id), { limit: '10', ...query }),
  );
};
