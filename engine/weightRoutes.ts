import { createReadStream } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { untilClosed } from './untilClosed.ts';
import { parse } from './validation.ts';
import { FORMS, type Weights } from './weights.ts';

const form = z.enum(FORMS, `is to be one of ${FORMS.join(', ')}`);

/** Tuned models to take away, which OpenAI's API has not: their files by form, and those one by one. */
export const weightRoutes = (app: FastifyInstance, weights: Weights): void => {
  type Asked = { Params: { id: string; form: string; file: string } };

  app.get<Asked>('/models/:id/weights/:form', async ({ params }, reply) => {
    const asked = parse(form, params.form);
    const { files, base, license } = await weights.list(params.id, asked, untilClosed(reply));
    const data = files.map((file) => ({ ...file, object: 'model.file' }));
    return { object: 'list', data, base: base.name, template: base.template, license };
  });

  app.get<Asked>('/models/:id/weights/:form/:file', async ({ params }, reply) => {
    const file = await weights.file(params.id, parse(form, params.form), params.file);
    return reply.type('application/octet-stream').send(createReadStream(file));
  });

  app.delete<{ Params: { id: string } }>('/models/:id/weights/merged', async ({ params }) => ({
    ...{ id: params.id, object: 'model' },
    deleted: await weights.drop(params.id),
  }));
};
