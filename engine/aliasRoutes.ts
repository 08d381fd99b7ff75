import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { AliasStore } from './aliases.ts';
import type { Catalog } from './catalog.ts';
import { badRequest } from './errors.ts';
import { parse } from './validation.ts';

/** What an alias is called: as no model is. */
const NAME = /^semievol:[\w.-]{1,128}$/;

const target = z.object({ model: z.string() });

export const aliasRoutes = (
  app: FastifyInstance,
  { aliases, catalog }: { aliases: AliasStore; catalog: Catalog },
): void => {
  app.put<{ Params: { id: string } }>('/aliases/:id', async ({ params: { id }, body }) => {
    if (!NAME.test(id))
      throw badRequest(
        `An alias is called 'semievol:' and up to 128 letters, digits, dots, dashes and underscores.`,
        'id',
      );
    const { model } = parse(target, body);
    const { name } = catalog.chatModel(model);
    await aliases.point(id, name);
    return catalog.get(id);
  });
};
